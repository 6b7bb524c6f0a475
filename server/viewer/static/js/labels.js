/** Names on the map as HTML, so that no glyph server is needed; those that would overlap are hidden. */
import { h } from "./dom.js";
import { labelPlace } from "./geometry.js";
import { maplibre } from "./vendor.js";

const MOST = 80;
const LONG = 24;
const NAMES = ["name", "label", "title"];

function nameProperty(features) {
  const names = Object.keys(features[0]?.properties ?? {});
  return names.find((name) => NAMES.includes(name.toLowerCase())) ?? names.find((name) => /name|label/i.test(name)) ?? null;
}

/** Whether a name is but the end of a long IRI, which tells nobody anything. */
const nameless = ({ id }, text) => text.length > LONG && String(id ?? "").endsWith(text);

/** Labels of all layers of a map. */
export class Labels {
  constructor(map) {
    this.map = map;
    this.markers = new Map();
    map.on("moveend", () => this.settle());
  }

  /** Put the names of a layer on the map, if it has a few and names them. */
  draw(layer) {
    this.erase(layer);
    const { features } = layer.data;
    const property = features.length <= MOST ? nameProperty(features) : null;
    if (!property) return;
    this.markers.set(layer.id, features.flatMap((feature) => this.label(feature, property)));
    this.settle();
  }

  label(feature, property) {
    const [place, text] = [labelPlace(feature.geometry), feature.properties[property]];
    if (!place || text === null || text === undefined || nameless(feature, String(text))) return [];
    const element = h("div", { class: "map-label", "aria-hidden": "true" }, String(text).slice(0, 60));
    return [new maplibre.Marker({ element, opacity: "1", offset: [0, feature.geometry.type === "Point" ? -13 : 0] }).setLngLat(place).addTo(this.map)];
  }

  /** Follow a layer's visibility. */
  show(layer) {
    for (const marker of this.markers.get(layer.id) ?? []) marker.getElement().hidden = !layer.visible;
    this.settle();
  }

  erase(layer) {
    for (const marker of this.markers.get(layer.id) ?? []) marker.remove();
    this.markers.delete(layer.id);
  }

  settle() {
    const taken = [];
    for (const marker of [...this.markers.values()].flat()) {
      const element = marker.getElement();
      const box = element.getBoundingClientRect();
      const clash = taken.some((one) => box.left < one.right && one.left < box.right && box.top < one.bottom && one.top < box.bottom);
      element.classList.toggle("off", clash);
      if (!clash && !element.hidden) taken.push(box);
    }
  }
}
