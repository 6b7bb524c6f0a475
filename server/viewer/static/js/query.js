/** The full editor: YASGUI on this server's endpoint, with everything that would call elsewhere switched off. */
import { counted, h, noticeList } from "./dom.js";
import { ENDPOINT, get } from "./sparql.js";
import { tableOf, termCell } from "./table.js";

const { Yasgui } = globalThis;

/** Our result table instead of YASR's, which reads values as markup before it cleans them, and writes a style sheet of its own. */
class Table {
  priority = 10;
  label = "Table";

  constructor(yasr) {
    this.yasr = yasr;
  }

  canHandleResults() {
    return Boolean(this.yasr.results?.getVariables()?.length);
  }

  draw() {
    const { results, resultsEl } = this.yasr;
    const names = results.getVariables();
    const rows = (results.getBindings() ?? []).map((binding) => names.map((name) => termCell(binding[name])));
    const { notices, truncated } = told(results);
    const cut = truncated && h("p", { class: "notice" }, "A limit cut this result: it is not complete.");
    resultsEl.append(h("div", { class: "rows" }, cut || "", noticeList(notices) ?? "", tableOf(names.map((name) => `?${name}`), rows)));
  }

  getIcon() {
    return undefined;
  }
}

/** What the server says beside the rows, where the format has room for it. */
function told(results) {
  try {
    return JSON.parse(results.getOriginalResponseAsString()).earthweave ?? {};
  } catch {
    return {};
  }
}

Yasgui.Yasr.registerPlugin("table", Table);

const FIRST = `PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX ew: <https://w3id.org/earthweave/ontology#>

SELECT * WHERE {
  ?thing geo:hasGeometry/geo:asWKT ?geo .
}
LIMIT 10
`;

Yasgui.Yasqe.defaults.autocompleters = Yasgui.Yasqe.defaults.autocompleters.filter((name) => name !== "class" && name !== "property");
Yasgui.Yasqe.defaults.value = FIRST;
Yasgui.defaults.endpoint = ENDPOINT;
Yasgui.defaults.requestConfig.endpoint = ENDPOINT;

const editor = new Yasgui(document.getElementById("yasgui"), {
  persistenceId: null,
  requestConfig: { endpoint: ENDPOINT, method: "POST", headers: {}, args: [] },
  copyEndpointOnNewTab: true,
  endpointCatalogueOptions: { getData: () => [], keys: [], renderItem: () => undefined },
});

const status = await get("/api/status");
document.title = `Query editor · ${status.title}`;
document.getElementById("title").textContent = status.title;
document.getElementById("tally").textContent = counted(status.triples, "triple");
const words = status.banner || (status.simulated ? "SIMULATED DATA" : "");
document.getElementById("badge").textContent = words;
document.getElementById("badge").hidden = !words;
globalThis.earthweave = { editor };
document.documentElement.dataset.ready = "true";
