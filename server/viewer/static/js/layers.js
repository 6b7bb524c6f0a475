/** The layer list: one card per layer, in step with the map. */
import { PALETTE, dark, numericProperties } from "./colour.js";
import { ICONS, counted, fill, h, icon, noticeList, number } from "./dom.js";
import { boundsOf } from "./geometry.js";
import { drawLayer, eraseLayer, raiseLayer, styleLayer, zoomTo } from "./map.js";
import { features as run, problemCard } from "./sparql.js";

/**
 * @typedef {{id: string, name: string, query: string, colour: string, opacity: number, visible: boolean, simulated: boolean,
 *   property: string, data: any, element: HTMLElement}} Layer
 */

const simulatedIn = (data) => data.features.some((feature) => feature.properties.simulated === true);

/** The layers and their cards. */
export class Layers {
  /** @param {any} parts map, labels, list, hint and `table(layer)` */
  constructor(parts) {
    Object.assign(this, parts);
    this.items = [];
    this.made = 0;
    dark.addEventListener("change", () => { for (const layer of this.items) layer.restyle?.(); });
  }

  /** Add a layer from a query; shows that it waits, and what went wrong. */
  async fromQuery(name, query, { endpoint, colour, simulated, zoom = true } = {}) {
    const layer = this.make(name, query, colour, simulated);
    const stop = new AbortController();
    fill(layer.element, h("div", { class: "top" }, h("div", { class: "waiting name" }, `${name} …`), h("button", { class: "plain", type: "button", onclick: () => stop.abort() }, "Cancel")));
    try {
      await this.accept(layer, await run(query, { endpoint, signal: stop.signal }), zoom);
    } catch (error) {
      if (error.name === "AbortError") this.remove(layer);
      else this.fail(layer, error);
    }
    return layer;
  }

  /** Add a layer from GeoJSON that is already here. */
  fromData(name, query, data, simulated = false) {
    const layer = this.make(name, query, "", simulated);
    this.accept(layer, data, true);
    return layer;
  }

  make(name, query, colour, simulated) {
    const element = h("li", { class: "layer" });
    const layer = { id: `layer-${this.made}`, name, query, colour: colour || PALETTE[this.made % PALETTE.length], opacity: 1, visible: true, simulated: Boolean(simulated), property: "", data: null, element };
    this.made += 1;
    this.items.push(layer);
    this.list.prepend(element);
    this.hint.hidden = true;
    return layer;
  }

  accept(layer, data, zoom) {
    layer.data = data;
    layer.simulated ||= simulatedIn(data);
    layer.property = numericProperties(data.features)[0] ?? "";
    drawLayer(this.map, layer, this.items.slice(this.items.indexOf(layer) + 1).find((later) => later.data));
    this.card(layer);
    this.labels.draw(layer);
    if (zoom) this.zoom([layer]);
    this.changed?.();
  }

  fail(layer, error) {
    fill(layer.element, h("div", { class: "top" }, h("span", { class: "name" }, layer.name), this.button("remove", `Remove ${layer.name}`, () => this.remove(layer))), problemCard(error, h), this.source(layer));
  }

  remove(layer) {
    eraseLayer(this.map, layer);
    this.labels.erase(layer);
    layer.element.remove();
    this.items.splice(this.items.indexOf(layer), 1);
    this.hint.hidden = this.items.length > 0;
    this.changed?.();
  }

  raise(layer) {
    raiseLayer(this.map, layer);
    this.items.push(...this.items.splice(this.items.indexOf(layer), 1));
    this.list.prepend(layer.element);
  }

  /** Show all of some layers. */
  zoom(layers = this.items) {
    zoomTo(this.map, boundsOf(layers.flatMap((layer) => layer.data?.features.map((feature) => feature.geometry) ?? [])));
  }

  button(name, label, onclick) {
    return h("button", { class: "icon", type: "button", title: label, "aria-label": label, onclick }, icon(ICONS[name]));
  }

  card(layer) {
    const { features } = layer.data;
    const body = h("div", { class: "body" });
    const restyle = () => {
      layer.element.classList.toggle("hidden-layer", !layer.visible);
      this.describe(layer, body, styleLayer(this.map, layer), restyle);
    };
    const visible = h("input", { type: "checkbox", checked: true, "aria-label": `Show ${layer.name}`, onchange: ({ target }) => { layer.visible = target.checked; restyle(); this.labels.show(layer); } });
    const colour = h("input", { type: "color", value: layer.colour, "aria-label": `Colour of ${layer.name}`, oninput: ({ target }) => { layer.colour = target.value; restyle(); } });
    const opacity = h("input", { type: "range", min: 0.1, max: 1, step: 0.05, value: 1, "aria-label": `Opacity of ${layer.name}`, oninput: ({ target }) => { layer.opacity = Number(target.value); restyle(); } });
    fill(layer.element,
      h("div", { class: "top" }, visible, colour, h("span", { class: "name", title: layer.name }, layer.name), h("span", { class: "count" }, counted(features.length, "feature"))),
      body,
      h("div", { class: "tools" }, h("label", {}, "Opacity", opacity), layer.simulated && h("span", { class: "tag" }, "SIMULATED"), h("span", { class: "grow" }),
        this.button("zoom", `Zoom to ${layer.name}`, () => this.zoom([layer])),
        this.button("table", `Table of ${layer.name}`, () => this.table(layer)),
        this.button("up", `Bring ${layer.name} to the top`, () => this.raise(layer)),
        this.button("remove", `Remove ${layer.name}`, () => this.remove(layer))),
      this.source(layer));
    layer.restyle = restyle;
    restyle();
  }

  describe(layer, body, legend, restyle) {
    const { earthweave = {}, features } = layer.data;
    const numbers = numericProperties(features);
    const select = h("select", { "aria-label": `Property that colours ${layer.name}`, onchange: ({ target }) => { layer.property = target.value; restyle(); } },
      h("option", { value: "" }, "one colour"), numbers.map((name) => h("option", { value: name, selected: name === layer.property }, name)));
    fill(body,
      numbers.length > 0 && h("div", { class: "styled" }, "Colour by", select),
      legend.length > 0 && h("ul", { class: "legend", "aria-label": `Legend of ${layer.name}` }, legend.map(({ colour, from, to }) => h("li", {}, h("span", { class: "swatch", colour }), from === to ? number(from) : `${number(from)} – ${number(to)}`))),
      features.length === 0 && h("p", { class: "quiet" }, "The query ran and found nothing."),
      earthweave.truncated && h("p", { class: "notice" }, "A limit cut this result: it is not complete."),
      noticeList((earthweave.notices ?? []).filter(({ code }) => !(code === "truncated" && earthweave.truncated))));
  }

  source(layer) {
    return layer.query ? h("details", {}, h("summary", {}, "Query"), h("pre", { tabindex: 0 }, layer.query)) : null;
  }
}
