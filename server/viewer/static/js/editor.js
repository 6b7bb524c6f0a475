/** The query tab: run, show as table, show on the map, save as a file. */
import { counted, fill, h } from "./dom.js";
import { file, problemCard, results } from "./sparql.js";
import { termCell } from "./table.js";

const ACCEPT = { csv: "text/csv", tsv: "text/tab-separated-values", json: "application/sparql-results+json", xml: "application/sparql-results+xml", geojson: "application/geo+json" };

const FIRST = `PREFIX flo: <http://ai.di.uoa.gr/flood/ontology#>

SELECT ?floodLevel (COUNT(?x) AS ?amountofareas) WHERE {
  ?x flo:has_floodLevel ?floodLevel .
}
GROUP BY ?floodLevel
ORDER BY DESC(?floodLevel)
`;

/** Wire the tab. @param {{drawer: import("./table.js").Drawer, layer: (query: string) => void}} parts */
export function queryTab({ drawer, layer }) {
  const [form, field, status, save] = ["editor", "query", "query-status", "save-as"].map((id) => document.getElementById(id));
  field.value = FIRST;
  const attempt = async (work) => {
    fill(status, h("div", { class: "waiting" }, "Running the query …"));
    try {
      fill(status, await work());
    } catch (error) {
      fill(status, problemCard(error, h));
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => show(await results(field.value), drawer));
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  document.getElementById("query-layer").addEventListener("click", () => layer(field.value));
  save.addEventListener("change", () => {
    const format = save.value;
    save.value = "";
    if (format) attempt(() => download(field.value, format));
  });
}

const lasting = (seconds = 0) => (seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : `${seconds.toFixed(1)} s`);

function show(found, drawer) {
  if (found.graph !== undefined) return h("pre", { class: "card code" }, found.graph || "The graph is empty.");
  const { notices = [], truncated, seconds } = found.earthweave ?? {};
  if (found.boolean !== undefined) return h("p", { class: "card" }, found.boolean ? "Yes: the pattern has a solution." : "No: the pattern has no solution.");
  const names = found.head.vars;
  const rows = found.results.bindings.map((binding) => names.map((name) => termCell(binding[name])));
  const cut = truncated ? [{ code: "truncated", text: "A limit cut this result: it is not complete." }] : [];
  drawer.open("Result", names.map((name) => `?${name}`), rows, { notices: [...cut, ...notices.filter(({ code }) => !(truncated && code === "truncated"))], note: lasting(seconds) });
  return h("p", { class: "quiet" }, `${counted(rows.length, "row")} in ${lasting(seconds)}`);
}

async function download(query, format) {
  const { blob, name } = await file(query, format, ACCEPT[format]);
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return h("p", { class: "quiet" }, `Saved ${name}.`);
}
