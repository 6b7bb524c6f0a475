/** Elements from data. Text becomes text nodes, never markup, and a link is made only where following it is safe. */

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `class`, `on*` listeners, properties that the element has, or attributes
 * @param {...(Node|string|number|null|undefined|false|Array<any>)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "colour") element.style.background = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** A 16 px line drawing. @param {string} path */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 16 16", width: 16, height: 16, fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" }))
    svg.setAttribute(name, String(value));
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  zoom: "M2 5.5V2h3.5M10.5 2H14v3.5M14 10.5V14h-3.5M5.5 14H2v-3.5",
  table: "M2 3h12v10H2zM2 6.5h12M6.5 6.5V13",
  up: "M8 13V3.5M4 7.5l4-4 4 4",
  remove: "M4 4l8 8M12 4l-8 8",
};

/** The address if it is absolute http or https, else null. */
export function webAddress(text) {
  if (typeof text !== "string" || !/^https?:\/\//i.test(text)) return null;
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A name that leads to its address, where following that is safe. */
export function linked(iri, name) {
  const address = webAddress(iri);
  return address ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: address }, name) : String(name);
}

const MOMENT = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?$/;

/** A value for people: a link where it is a web address, else text. */
export function shown(value) {
  const address = webAddress(value);
  if (address) return h("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: address }, shorten(value));
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return value.replace(MOMENT, "$1 $2");
  if (value !== null && typeof value === "object") return JSON.stringify(value);
  return value === null || value === undefined ? "" : String(value);
}

/** An IRI by its last two parts. */
export function shorten(iri) {
  return iri.length <= 44 ? iri : `…/${iri.split("/").slice(-2).join("/")}`;
}

/** A number with group marks and as many digits as say something, or as it is where it is not finite. */
export function number(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return value.toLocaleString("en", size >= 1 || size === 0 ? { maximumFractionDigits: size >= 1000 ? 1 : 3 } : { maximumSignificantDigits: 4 });
}

/** `1 feature`, `2 features`. */
export function counted(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Codes of notices that inform; all others warn. */
const TOLD = ["axis-order", "several-geometries", "unit"];

/** A list of notices, or null. @param {Array<{code: string, text: string}|string>} notices */
export function noticeList(notices) {
  if (!notices?.length) return null;
  return h("ul", { class: "notices", "aria-label": "Notices" }, notices.map((one) => h("li", { class: TOLD.includes(one.code) ? "notice info" : "notice" }, typeof one === "string" ? one : one.text)));
}
