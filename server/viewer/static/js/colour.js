/** Colours of layers: one of a palette, or graduated by a number. */

/** Distinct for most eyes, and calm on land and sea. */
export const PALETTE = ["#0b7a75", "#1f6fb5", "#c8553d", "#7a5ea8", "#b5862a", "#b0457b"];

const CLASSES = 5;

/** Names of properties whose values are numbers and differ. @param {Array<any>} features */
export function numericProperties(features) {
  const names = Object.keys(features[0]?.properties ?? {});
  return names.filter((name) => {
    const values = features.map((feature) => feature.properties[name]).filter((value) => value !== null);
    return values.length > 0 && values.every((value) => typeof value === "number") && new Set(values).size > 1;
  });
}

/** Lower ends of at most five classes with about equally many distinct values. */
export function breaks(features, property) {
  const values = [...new Set(features.map((feature) => feature.properties[property]).filter((value) => value !== null))].sort((a, b) => a - b);
  const count = Math.min(CLASSES, values.length);
  return Array.from({ length: count }, (_, index) => values[Math.floor((index * values.length) / count)]);
}

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function mixed(from, to, share) {
  const [a, b] = [channels(from), channels(to)];
  return `#${a.map((value, index) => Math.round(value + (b[index] - value) * share).toString(16).padStart(2, "0")).join("")}`;
}

/** Whether the reader prefers dark pages. */
export const dark = matchMedia("(prefers-color-scheme: dark)");

/** From a light tint of a colour to a dark shade of it, so that more stands out; the other way round on a dark page. @returns {string[]} */
export function ramp(colour, count) {
  if (count === 1) return [colour];
  return Array.from({ length: count }, (_, index) => {
    const place = (dark.matches ? count - 1 - index : index) / (count - 1);
    return place < 0.5 ? mixed(mixed(colour, "#ffffff", 0.68), colour, place * 2) : mixed(colour, mixed(colour, "#050a1e", 0.55), place * 2 - 1);
  });
}

/** A MapLibre expression, and its legend. */
export function graduated(features, property, colour) {
  const lower = breaks(features, property);
  const colours = ramp(colour, lower.length);
  const steps = lower.slice(1).flatMap((value, index) => [value, colours[index + 1]]);
  const scale = lower.length > 1 ? ["step", ["to-number", ["get", property], lower[0]], colours[0], ...steps] : colours[0];
  return { expression: ["case", ["==", ["typeof", ["get", property]], "number"], scale, "#9aa5a9"], legend: legend(features, property, lower, colours) };
}

function legend(features, property, lower, colours) {
  const values = features.map((feature) => feature.properties[property]).filter((value) => value !== null);
  const top = Math.max(...values);
  return lower.map((from, index) => {
    const inside = values.filter((value) => value >= from && (index === lower.length - 1 || value < lower[index + 1]));
    return { colour: colours[index], from, to: index === lower.length - 1 ? top : Math.max(...inside) };
  });
}
