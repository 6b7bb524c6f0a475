/** Puts the page together. */
import { questionBox, switchOff } from "./ask.js";
import { layerDialog } from "./dialog.js";
import { counted, fill, h } from "./dom.js";
import { queryTab } from "./editor.js";
import { Labels } from "./labels.js";
import { Layers } from "./layers.js";
import { Identify, createMap } from "./map.js";
import { get, problemCard } from "./sparql.js";
import { Drawer } from "./table.js";

const element = (id) => document.getElementById(id);

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    for (const tab of all) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      element(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
  };
  for (const [index, tab] of all.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", ({ key }) => {
      if (key !== "ArrowLeft" && key !== "ArrowRight") return;
      const next = all[(index + 1) % all.length];
      choose(next);
      next.focus();
    });
  }
  return (id) => choose(element(id));
}

function header(status) {
  document.title = status.title;
  element("title").textContent = status.title;
  element("tally").textContent = counted(status.triples, "triple");
  badge(status.banner || (status.simulated ? "SIMULATED DATA" : ""));
}

function badge(text) {
  element("badge").textContent = text;
  element("badge").hidden = !text;
}

function rowsOf({ columns, rows }) {
  return rows.map((row) => (Array.isArray(row) ? row : columns.map((name) => row[name])));
}

const nameOf = ({ question, paraphrase, text }) => question || paraphrase || text;

/** What the map shows, west, south, east, north; nothing if it is all the world. */
function seen(bounds) {
  const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  return west < east && south < north && west >= -180 && east <= 180 ? [west, Math.max(south, -90), east, Math.min(north, 90)] : null;
}

function layerTable(drawer, identify) {
  return (layer) => {
    const { features } = layer.data;
    const columns = Object.keys(features[0]?.properties ?? {});
    drawer.open(layer.name, columns, features.map(({ properties }) => columns.map((name) => properties[name])), { onrow: (index) => identify.show(layer, index), note: "choose a row to see it on the map" });
  };
}

async function presets(layers, placed) {
  const { layers: wanted } = await get("/api/layers");
  await Promise.all(wanted.map(({ name, query, colour, simulated }) => layers.fromQuery(name, query, { colour, simulated, zoom: false })));
  if (wanted.length && !placed) layers.zoom();
}

async function start() {
  const choose = tabs();
  const drawer = new Drawer(element("drawer"));
  const progress = element("progress");
  const look = () => get("/api/status").then((told) => { header(told); return told; });
  const status = look();
  progress.hidden = false;
  const placed = location.hash.includes("map=");
  const linked = new URLSearchParams(location.hash.slice(1)).get("query");
  const map = await createMap("map", element("readout"));
  const layers = new Layers({ map, labels: new Labels(map), list: element("layers"), hint: element("no-layers") });
  const identify = new Identify(map, () => layers.items.filter((layer) => layer.data));
  layers.table = layerTable(drawer, identify);
  layers.changed = () => { if (element("badge").hidden && layers.items.some((layer) => layer.simulated)) badge("SIMULATED DATA"); };
  const addLayer = (name, query, endpoint) => { choose("tab-layers"); return layers.fromQuery(name, query, { endpoint }); };
  const openDialog = layerDialog(addLayer);
  element("add-layer").addEventListener("click", () => openDialog());
  queryTab({ drawer, layer: (query) => openDialog("", query) });
  const box = questionBox({
    show: (answer) => { choose("tab-layers"); layers.fromData(nameOf(answer), answer.sparql, answer.geojson, answer.simulated); },
    table: (answer) => drawer.open(nameOf(answer), answer.columns, rowsOf(answer)),
    draw: (name, area) => { choose("tab-layers"); layers.fromData(name, "", { type: "FeatureCollection", features: [{ type: "Feature", geometry: area, properties: {} }] }); },
    view: () => seen(map.getBounds()),
    // what was loaded meanwhile, by a run or by others
    asked: () => look().catch(() => null),
    edit: (query) => { choose("tab-query"); element("query").value = query; element("query").focus(); },
  });
  globalThis.earthweave = { map, layers: layers.items };
  const { questions } = await status;
  if (!questions) switchOff();
  await presets(layers, placed);
  if (linked) await layers.fromQuery("Query of the link", linked, { zoom: !placed });
  progress.hidden = true;
  document.documentElement.dataset.ready = "true";
  // the first time a server learns what it holds: nobody waits for that
  if (questions) box.offer();
}

start().catch((error) => {
  element("progress").hidden = true;
  fill(element("answer"), problemCard(error, h));
  throw error;
});
