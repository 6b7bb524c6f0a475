/** The drawer below the map: rows of a result or of a layer. */
import { ICONS, counted, fill, h, icon, noticeList, shown } from "./dom.js";

const MOST = 1000;

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
    const said = [counted(rows.length, "row"), rows.length > MOST && `the first ${MOST} are shown`, note].filter(Boolean).join(" · ");
    const body = rows.slice(0, MOST).map((row, index) => this.row(row, index, onrow));
    fill(this.element,
      h("div", { class: "top" }, h("h2", {}, title), h("span", { class: "quiet" }, said), close),
      noticeList(notices),
      h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": title }, h("table", {}, h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, body))));
    this.element.hidden = false;
  }

  row(row, index, onrow) {
    const cells = row.map((value) => h("td", {}, value instanceof Node ? value : shown(value)));
    if (!onrow) return h("tr", {}, cells);
    return h("tr", { tabindex: 0, onclick: () => onrow(index), onkeydown: (event) => { if (event.key === "Enter") onrow(index); } }, cells);
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
