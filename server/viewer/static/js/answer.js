/** The card of an answer: what it says, what was understood and how to change it, and what it rests on. */
import { counted, fill, h, linked, noticeList } from "./dom.js";
import { lineage } from "./lineage.js";
import { proposalCard } from "./run.js";
import { origins, problemCard } from "./sparql.js";
import { tableOf } from "./table.js";

const FEW = 8;
const words = (item) => (typeof item === "string" ? item : item.text ?? JSON.stringify(item));

/**
 * The card.
 * @param {any} answer as `/api/ask/schema` describes it
 * @param {any} actions those of the page, with `change(request, edit, why)`, `again(question)`, `otherwise(words)`, and the `signal` that
 *   ends the card
 */
export function card(answer, actions) {
  const refused = answer.status === "refused";
  return h("article", { class: "card answer", "aria-label": "Answer", tabindex: -1 },
    h("p", { class: "said" }, refused ? answer.reason?.text || answer.text : answer.text),
    refused && refusal(answer, actions),
    chips(answer, actions),
    assumptions(answer),
    answer.status === "answered" && table(answer),
    answer.status === "answered" && buttons(answer, actions),
    answer.emptiness && emptiness(answer, actions),
    answer.proposal && proposalCard(answer.proposal, actions),
    noticeList((answer.notices ?? []).filter(({ code, text }) => code !== "unknown-words" && code !== "proposal" && text !== answer.reason?.hint)),
    answer.simulated && h("p", {}, h("span", { class: "tag" }, "SIMULATED DATA"), h("span", { class: "quiet" }, " The answer rests on simulated data.")),
    readings(answer, actions),
    details(answer, actions));
}

/** Why not, and what can be asked instead. */
function refusal({ question, reason }, actions) {
  const instead = (name) => reason.about?.length ? question.replace(reason.about[0], () => name) : name;
  return [
    reason?.hint && h("p", { class: "quiet hint" }, reason.hint),
    reason?.suggestions?.length > 0 && h("div", { class: "examples", role: "group", "aria-label": "Did you mean" }, reason.suggestions.map((name) => h("button", { type: "button", onclick: () => actions.again(instead(name)) }, name))),
  ];
}

/** One chip for each part of the request and each assumption. */
function chips({ chips: list, request }, actions) {
  return list?.length ? h("ul", { class: "chips", "aria-label": "What was understood" }, list.map((one) => chip(one, request, actions))) : null;
}

function chip(one, request, actions) {
  const { label, value, removable, removal, alternatives = [], assumed } = one;
  const said = words(value);
  const choose = ({ target }) => {
    const other = alternatives[Number(target.value)];
    if (target.value !== "") actions.change(request, other.edit, `${other.text}:`);
  };
  return h("li", { class: assumed ? "chip assumption" : "chip" }, h("b", {}, label), editable(one, said, request, actions),
    alternatives.length > 0 && h("select", { "aria-label": `Change ${said}`, onchange: choose }, h("option", { value: "" }, "…"), alternatives.map(({ text: other }, index) => h("option", { value: index }, other))),
    removable && h("button", { type: "button", class: "off", "aria-label": `Remove ${said}`, title: "Remove", onclick: () => actions.change(request, removal, `Without “${said}”:`) }, "×"));
}

/** What a chip says; a number in it can be typed anew, a time or a named place said in other words. */
function editable({ code, path, assumed }, said, request, actions) {
  const part = assumed || !path ? null : path.split("/").slice(1).reduce((node, step) => node?.[step], request);
  const number = part && numberIn(part, path);
  const spoken = part && (code === "when" || (code === "where" && part.of?.some((one) => one.named?.length)));
  if (!number && !spoken) return h("span", { title: said }, said);
  const type = ({ currentTarget }) => {
    const form = numberForm(number, said, (edit) => actions.change(request, [edit], "Changed:"));
    currentTarget.replaceWith(form);
    form.querySelector("input").select();
  };
  const title = number ? "Type another number" : "Say it otherwise";
  return h("button", { type: "button", class: "say", title, "aria-label": `${title}: ${said}`, onclick: number ? type : () => actions.otherwise(said) }, said);
}

/** The number of a condition, where it stands in the request, and how many of it are one of what people type. */
function numberIn(part, path) {
  if (part.kind === "compare" && part.than?.kind === "amount") return { at: `${path}/than/value`, value: part.than.value, times: 1, unit: "" };
  if (typeof part.metres === "number") return { at: `${path}/metres`, value: part.metres / 1000, times: 1000, unit: "km" };
  return null;
}

function numberForm({ at, value, times, unit }, said, change) {
  const field = h("input", { type: "number", step: "any", value, "aria-label": `Another number instead of: ${said}` });
  const submit = (event) => {
    event.preventDefault();
    if (field.value !== "") change({ op: "replace", path: at, value: Number(field.value) * times });
  };
  return h("form", { class: "number", onsubmit: submit }, field, unit, h("button", { type: "submit", class: "off" }, "OK"));
}

/** What was taken for granted without a chip, and the words that were not understood. */
function assumptions({ assumptions: assumed = [], unknown = [], chips: list = [] }) {
  const told = new Set(list.map(({ value }) => value));
  const lines = [...assumed.map(words).filter((text) => !told.has(text)).map((text) => `Assumed: ${text}`), ...unknown.map((item) => `Not understood: ${words(item)}`)];
  return lines.length ? h("ul", { class: "assumed" }, lines.map((line) => h("li", {}, line))) : null;
}

/** The first rows; things by their names, which lead to them. */
function table({ columns = [], rows = [] }) {
  if (!rows.length) return null;
  const named = columns[0] === "feature" && columns[1] === "label";
  const cells = (row) => (named ? [linked(row[0], row[1]), ...row.slice(2)] : row);
  return h("div", { class: "scroll few" }, tableOf(named ? columns.slice(1) : columns, rows.slice(0, FEW).map(cells)));
}

function buttons(answer, actions) {
  const { count, geojson, rows = [] } = answer;
  return h("div", { class: "row" },
    geojson?.features?.length > 0 && h("button", { type: "button", class: "primary", onclick: () => actions.show(answer) }, "Show on map"),
    rows.length > 0 && h("button", { type: "button", onclick: () => actions.table(answer) }, "Table"),
    typeof count === "number" && h("span", { class: "quiet" }, counted(count, "result")));
}

/** Which constraint leaves nothing, and what is nearest. */
function emptiness({ emptiness: { text, nearest = [] }, request }, actions) {
  return [
    text && h("p", { class: "quiet" }, text),
    nearest.length > 0 && h("div", { class: "examples", role: "group", "aria-label": "Nearest with an answer" }, nearest.map(({ text: said, edit }) => h("button", { type: "button", onclick: () => actions.change(request, edit, `${said}:`) }, said))),
  ];
}

function readings({ readings: list = [] }, actions) {
  return list.length ? h("details", {}, h("summary", {}, "Other ways to read it"), h("div", { class: "examples" }, list.map(({ text, request }) => h("button", { type: "button", onclick: () => actions.change(request, [], "Read the other way:") }, text)))) : null;
}

/** On demand: how it was understood, sources, query, times. */
function details(answer, actions) {
  const { paraphrase, sparql, timings = {} } = answer;
  const took = Object.entries(timings).map(([stage, seconds]) => `${stage} ${Math.round(1000 * seconds)} ms`).join(", ");
  return [
    sparql && provenance(answer),
    paraphrase && h("details", {}, h("summary", {}, "Understood as"), h("p", { class: "quiet" }, paraphrase), took && h("p", { class: "quiet timings" }, took)),
    sparql && h("details", {}, h("summary", {}, "SPARQL used"), h("pre", { tabindex: 0 }, sparql), h("div", { class: "row" }, h("button", { type: "button", class: "plain", onclick: () => actions.edit(sparql) }, "Edit this query"))),
  ];
}

const MOST = 100;

/** A chip that opens the chain back to what came first. */
function provenance({ rows = [], request }) {
  const body = h("div", { class: "sources" });
  const iris = [...new Set(rows.map((row) => row[0]).filter((iri) => typeof iri === "string"))].slice(0, MOST);
  const load = async ({ target }) => {
    if (!target.open || body.childNodes.length) return;
    fill(body, h("div", { class: "waiting" }, "Following the sources …"));
    try {
      fill(body, lineage(await origins(iris, request)));
    } catch (error) {
      fill(body, problemCard(error, h));
    }
  };
  return h("details", { class: "provenance", ontoggle: load }, h("summary", { class: "chip" }, h("b", {}, "from"), h("span", {}, "its sources")), body);
}
