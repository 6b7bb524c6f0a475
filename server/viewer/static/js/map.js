/** The map: makes it, draws layers on it, and says what lies under a click. */
import { degrees, drawBaseMap, style } from "./basemap.js";
import { graduated } from "./colour.js";
import { h, shown } from "./dom.js";
import { boundsOf, labelPlace } from "./geometry.js";
import { maplibre } from "./vendor.js";

const PARTS = ["fill", "line", "point"];
const part = (layer, name) => `${layer.id}-${name}`;
const partsOf = (map, layer) => PARTS.map((name) => part(layer, name)).filter((id) => map.getLayer(id));
const ofType = (...types) => ["in", ["geometry-type"], ["literal", types.flatMap((type) => [type, `Multi${type}`])]];
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Make the map and draw the base; resolves when layers can be added. */
export async function createMap(container, readout) {
  const map = new maplibre.Map({ container, style: style(), hash: "map", center: [12, 30], zoom: 1.4, attributionControl: false, maxPitch: 0, dragRotate: false, fadeDuration: 0 });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), "bottom-left");
  map.addControl(new maplibre.AttributionControl({ compact: false }), "bottom-right");
  map.on("mousemove", ({ lngLat }) => { readout.textContent = `${degrees(lngLat.wrap().lng, "EW", 4)}  ${degrees(lngLat.lat, "NS", 4)}`; });
  await new Promise((resolve) => map.once("load", resolve));
  await drawBaseMap(map);
  return map;
}

/** Draw a layer for the first time, below another that is drawn already, or on top. */
export function drawLayer(map, layer, above) {
  const before = above && part(above, "fill");
  map.addSource(layer.id, { type: "geojson", data: layer.data, generateId: true });
  map.addLayer({ id: part(layer, "fill"), type: "fill", source: layer.id, filter: ofType("Polygon") }, before);
  map.addLayer({ id: part(layer, "line"), type: "line", source: layer.id, filter: ofType("Polygon", "LineString"), layout: { "line-join": "round" } }, before);
  map.addLayer({ id: part(layer, "point"), type: "circle", source: layer.id, filter: ofType("Point") }, before);
  styleLayer(map, layer);
}

/** Bring the map in step with a layer's colour, opacity, visibility and property; gives the legend. */
export function styleLayer(map, layer) {
  if (!map.getSource(layer.id)) return [];
  const scale = layer.property ? graduated(layer.data.features, layer.property, layer.colour) : null;
  const colour = scale ? scale.expression : layer.colour;
  const chosen = (yes, no) => ["case", ["boolean", ["feature-state", "chosen"], false], yes, no];
  map.setPaintProperty(part(layer, "fill"), "fill-color", colour);
  map.setPaintProperty(part(layer, "fill"), "fill-opacity", scale ? layer.opacity * 0.86 : chosen(0.42, layer.opacity * 0.2));
  map.setPaintProperty(part(layer, "line"), "line-color", scale ? colour : layer.colour);
  map.setPaintProperty(part(layer, "line"), "line-width", chosen(3, scale ? 0.8 : 1.6));
  map.setPaintProperty(part(layer, "line"), "line-opacity", layer.opacity);
  map.setPaintProperty(part(layer, "point"), "circle-color", colour);
  map.setPaintProperty(part(layer, "point"), "circle-radius", chosen(9, 6));
  map.setPaintProperty(part(layer, "point"), "circle-stroke-color", "#ffffff");
  map.setPaintProperty(part(layer, "point"), "circle-stroke-width", 1.5);
  map.setPaintProperty(part(layer, "point"), "circle-opacity", layer.opacity);
  for (const id of partsOf(map, layer)) map.setLayoutProperty(id, "visibility", layer.visible ? "visible" : "none");
  return scale ? scale.legend : [];
}

/** Take a layer off the map. */
export function eraseLayer(map, layer) {
  for (const id of partsOf(map, layer)) map.removeLayer(id);
  if (map.getSource(layer.id)) map.removeSource(layer.id);
}

/** Draw a layer above all others. */
export function raiseLayer(map, layer) {
  for (const id of partsOf(map, layer)) map.moveLayer(id);
}

/** Show bounds, with room around them and above an open table. */
export function zoomTo(map, box, maxZoom = 15) {
  const drawer = map.getContainer().parentElement.querySelector(".drawer:not([hidden])");
  const padding = { top: 48, left: 48, right: 48, bottom: 48 + (drawer?.offsetHeight ?? 0) };
  if (box) map.fitBounds(box, { padding, maxZoom, duration: still() ? 0 : 700 });
}

const bodyOf = (layer, feature) => {
  const entries = Object.entries(feature.properties).filter(([, value]) => value !== null && value !== "");
  return h("div", { class: "found" },
    h("h3", {}, h("span", { class: "swatch", colour: layer.colour }), layer.name),
    entries.length ? h("dl", { class: "facts" }, entries.map(([name, value]) => [h("dt", {}, name), h("dd", {}, shown(value))])) : h("p", { class: "quiet" }, "It has no other properties."));
};

/** Opens pop-ups on clicks, and on request for one feature; holds which feature is chosen. */
export class Identify {
  constructor(map, layers) {
    this.map = map;
    this.layers = layers;
    this.popup = null;
    map.on("click", (event) => this.at(event.point, event.lngLat));
    map.on("mousemove", (event) => { map.getCanvas().style.cursor = this.under(event.point).length ? "pointer" : ""; });
  }

  /** Features under a point of the screen, topmost first, each once. */
  under({ x, y }) {
    const ids = this.layers().flatMap((layer) => partsOf(this.map, layer));
    const found = ids.length ? this.map.queryRenderedFeatures([[x - 3, y - 3], [x + 3, y + 3]], { layers: ids }) : [];
    const seen = new Set();
    return found.filter(({ source, id }) => !seen.has(`${source} ${id}`) && seen.add(`${source} ${id}`));
  }

  at(point, lngLat) {
    const found = this.under(point).slice(0, 6);
    const layerOf = (feature) => this.layers().find((layer) => layer.id === feature.source);
    this.open(lngLat, found.map((feature) => ({ layer: layerOf(feature), index: feature.id })));
  }

  /** Zoom to one feature and open it. */
  show(layer, index) {
    const { geometry } = layer.data.features[index];
    zoomTo(this.map, boundsOf([geometry]), 12);
    if (geometry) this.open(labelPlace(geometry), [{ layer, index }]);
  }

  open(place, found) {
    this.popup?.remove();
    if (!found.length) return;
    for (const { layer, index } of found.slice(0, 1)) this.map.setFeatureState({ source: layer.id, id: index }, { chosen: true });
    const bodies = found.map(({ layer, index }) => bodyOf(layer, layer.data.features[index]));
    this.popup = new maplibre.Popup({ maxWidth: "360px", offset: 6 }).setLngLat(place).setDOMContent(h("div", {}, bodies)).addTo(this.map);
    this.popup.on("close", () => this.forget(found[0]));
  }

  forget({ layer, index }) {
    if (this.map.getSource(layer.id)) this.map.removeFeatureState({ source: layer.id, id: index });
    this.popup = null;
  }
}
