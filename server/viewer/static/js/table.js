/** The drawer below the map: rows of a result or of a layer. */
import { ICONS, counted, fill, h, icon, noticeList, shown } from "./dom.js";

const MOST = 1000;

/** A table of the first thousand rows. @param {(index: number) => void} [onrow] called for a chosen row */
export function tableOf(columns, rows, onrow) {
  const body = rows.slice(0, MOST).map((row, index) => tableRow(row, index, onrow));
  const cut = rows.length > MOST && h("caption", {}, `The first ${MOST} of ${rows.length} rows`);
  return h("table", {}, cut, h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, body));
}

/** A row; Enter must not go on to the close button of the pop-up that it opens, which takes the focus. */
function tableRow(row, index, onrow) {
  const cells = row.map((value) => h("td", {}, value instanceof Node ? value : shown(value)));
  if (!onrow) return h("tr", {}, cells);
  const onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    onrow(index);
  };
  return h("tr", { tabindex: 0, onclick: () => onrow(index), onkeydown }, cells);
}

/** Shows one table at a time. */
export class Drawer {
  constructor(element) {
    this.element = element;
    element.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
  }

  close() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  /**
   * @param {string} title
   * @param {string[]} columns
   * @param {any[][]} rows cells: values, or nodes
   * @param {{notices?: any[], onrow?: (index: number) => void, note?: string}} [more]
   */
  open(title, columns, rows, { notices, onrow, note } = {}) {
    const close = h("button", { class: "icon", type: "button", "aria-label": "Close the table", onclick: () => this.close() }, icon(ICONS.remove));
    const said = [counted(rows.length, "row"), note].filter(Boolean).join(" · ");
    fill(this.element,
      h("div", { class: "top" }, h("h2", {}, title), h("span", { class: "quiet" }, said), close),
      noticeList(notices),
      h("div", { class: "scroll rows", tabindex: 0, role: "group", "aria-label": title }, tableOf(columns, rows, onrow)));
    this.element.hidden = false;
  }
}

const XSD = "http://www.w3.org/2001/XMLSchema#";

/** One RDF term as a cell: links where safe, long literals cut, datatype or language beside it. */
export function termCell(term) {
  if (!term) return "";
  if (term.type === "uri") return shown(term.value);
  if (term.type === "bnode") return `_:${term.value}`;
  const text = term.value.length > 120 ? `${term.value.slice(0, 119)}…` : term.value;
  const type = term["xml:lang"] ? `@${term["xml:lang"]}` : term.datatype && term.datatype !== `${XSD}string` ? term.datatype.replace(XSD, "").replace(/^.*[#/]/, "") : "";
  return type ? h("span", {}, text, " ", h("span", { class: "type" }, type)) : text;
}
