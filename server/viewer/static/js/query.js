/** The full editor: YASGUI on this server's endpoint, with everything that would call elsewhere switched off. */
import { counted } from "./dom.js";
import { ENDPOINT, get } from "./sparql.js";

const { Yasgui } = globalThis;

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
