/** The base map: Natural Earth land and borders and a graticule, all from this server, in light or dark. */
import { h } from "./dom.js";
import { WORLD, topoFeature, topoMesh } from "./vendor.js";

const THEMES = {
  light: { sea: "#d9e5ea", land: "#f4f0e7", coast: "#b9c6c9", border: "#cdbfa8", grid: "#7d949d" },
  dark: { sea: "#0b1418", land: "#1a252b", coast: "#3b4d56", border: "#43525a", grid: "#5d7884" },
};
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => THEMES[dark.matches ? "dark" : "light"];
const nothing = { type: "FeatureCollection", features: [] };

/** A style without glyphs, sprites or tiles. */
export function style() {
  const source = { type: "geojson", data: nothing };
  return {
    version: 8,
    sources: { land: { ...source, attribution: "Base map: Natural Earth" }, coast: source, borders: source, grid: source },
    layers: [
      { id: "sea", type: "background", paint: {} },
      { id: "land", type: "fill", source: "land", paint: { "fill-antialias": false } },
      { id: "coast", type: "line", source: "coast", paint: { "line-width": 0.8 } },
      { id: "grid", type: "line", source: "grid", paint: { "line-width": 0.6, "line-opacity": 0.28 } },
      { id: "borders", type: "line", source: "borders", paint: { "line-width": 1, "line-dasharray": [3, 2] } },
    ],
  };
}

function paint(map) {
  const colours = theme();
  map.setPaintProperty("sea", "background-color", colours.sea);
  map.setPaintProperty("land", "fill-color", colours.land);
  map.setPaintProperty("coast", "line-color", colours.coast);
  map.setPaintProperty("borders", "line-color", colours.border);
  map.setPaintProperty("grid", "line-color", colours.grid);
}

/** A coordinate for people. @param {string} signs letters for positive and negative, such as `EW` */
export function degrees(value, signs, digits) {
  const size = Math.abs(value).toFixed(digits);
  return Number(size) === 0 ? `${size}°` : `${size}° ${value < 0 ? signs[1] : signs[0]}`;
}

/** Least distance between lines on the screen, px: room for their labels. */
const APART = 92;
const STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];

function graticule(map) {
  const box = map.getBounds();
  const scale = map.getContainer().clientWidth / Math.max(box.getEast() - box.getWest(), 1e-6);
  const step = STEPS.findLast((one) => one * scale >= APART) ?? STEPS[0];
  const [west, east] = [box.getWest() - step, box.getEast() + step];
  const [south, north] = [Math.max(box.getSouth() - step, -85), Math.min(box.getNorth() + step, 85)];
  const [xs, ys] = [multiples(west, east, step), multiples(south, north, step)];
  const lines = [...xs.map((x) => [[x, south], [x, north]]), ...ys.map((y) => [[west, y], [east, y]])];
  map.getSource("grid").setData({ type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } });
  letter(map, xs, ys, step < 1 ? Math.ceil(-Math.log10(step)) : 0);
}

function multiples(from, to, step) {
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, index) => (first + index) * step);
}

/** Write the degrees of the graticule along the top and the left edge. */
function letter(map, xs, ys, digits) {
  const { width, height } = map.getContainer().getBoundingClientRect();
  const [west, north] = [map.getBounds().getWest(), map.getBounds().getNorth()];
  for (const old of map.getContainer().querySelectorAll(".degree")) old.remove();
  const put = (side, text, offset, room) => {
    if (offset < 60 || offset > room - 70) return;
    const element = h("div", { class: `degree ${side}`, "aria-hidden": "true" }, text);
    element.style[side === "x" ? "left" : "top"] = `${offset}px`;
    map.getContainer().append(element);
  };
  const wrapped = (x) => ((((x + 180) % 360) + 360) % 360) - 180;
  for (const x of xs) put("x", degrees(wrapped(x), "EW", digits), map.project([x, north]).x, width);
  for (const y of ys) put("y", degrees(y, "NS", digits), map.project([west, y]).y, height);
}

/** A line without its steps across the antimeridian, which would be drawn around the world. */
function unwrapped(line) {
  const cuts = line.flatMap(([x], index) => (index && Math.abs(x - line[index - 1][0]) > 180 ? [index] : []));
  return [0, ...cuts].map((from, index) => line.slice(from, cuts[index])).filter((piece) => piece.length > 1);
}

/** Fill the base map of a loaded map and keep it in step with view and theme. */
export async function drawBaseMap(map) {
  paint(map);
  dark.addEventListener("change", () => paint(map));
  map.on("moveend", () => graticule(map));
  graticule(map);
  const world = await (await fetch(WORLD)).json();
  const { countries } = world.objects;
  const lines = (keep) => ({ type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: topoMesh(world, countries, keep).coordinates.flatMap(unwrapped) } });
  // Country by country: as one polygon the land is too much for MapLibre's triangulation, which then floods whole tiles.
  map.getSource("land").setData(topoFeature(world, countries));
  map.getSource("coast").setData(lines((a, b) => a === b));
  map.getSource("borders").setData(lines((a, b) => a !== b));
}
