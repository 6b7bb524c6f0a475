/** The question box and the answer card. */
import { counted, fill, h, noticeList } from "./dom.js";
import { ask, problemCard } from "./sparql.js";

const EXAMPLES = ["Which administrative units were flooded in March 2021?", "How many areas have flood level above 10?", "Show the flooded areas in Hawkesbury"];

const words = (item) => (typeof item === "string" ? item : item.text ?? JSON.stringify(item));

/** Wire the box. @param {{show: (answer: any) => void, table: (answer: any) => void, edit: (query: string) => void}} actions */
export function questionBox(actions) {
  const [form, field, answer, examples] = ["ask", "question", "answer", "examples"].map((id) => document.getElementById(id));
  const button = form.querySelector("button");
  let running = null;
  const put = async (text) => {
    running?.abort();
    running = new AbortController();
    const mine = running;
    button.disabled = true;
    fill(answer, h("div", { class: "card waiting" }, "Understanding and querying …"));
    try {
      fill(answer, card(await ask(text, mine.signal), actions));
    } catch (error) {
      if (error.name !== "AbortError") fill(answer, problemCard(error, h));
    } finally {
      if (mine === running) button.disabled = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) put(field.value.trim());
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  fill(examples, EXAMPLES.map((text) => h("button", { type: "button", onclick: () => { field.value = text; form.requestSubmit(); } }, text)));
}

/** Say that this server answers no questions. */
export function switchOff() {
  const form = document.getElementById("ask");
  for (const control of form.querySelectorAll("textarea, button")) control.disabled = true;
  fill(document.getElementById("answer"), h("p", { class: "quiet" }, "This server answers no questions: it was started without the extra qa."));
}

function card(answer, actions) {
  const refused = answer.status !== "answered";
  return h("article", { class: "card answer", "aria-label": "Answer" },
    h("p", { class: "said" }, refused ? answer.reason?.text || answer.text : answer.text),
    chips(answer.chips),
    assumptions(answer),
    !refused && buttons(answer, actions),
    answer.proposal && proposed(answer.proposal),
    noticeList(answer.notices),
    answer.simulated && h("p", {}, h("span", { class: "tag" }, "SIMULATED DATA"), h("span", { class: "quiet" }, " The answer rests on simulated data.")),
    answer.sparql && h("details", {}, h("summary", {}, "SPARQL used"), h("pre", { tabindex: 0 }, answer.sparql), h("div", { class: "row" }, h("button", { type: "button", class: "plain", onclick: () => actions.edit(answer.sparql) }, "Edit this query"))));
}

/** A run that would answer: its form with what the question says filled in, for who bears the token to send. */
function proposed({ service, title, parameters }) {
  const said = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [`input-${name}`, String(value)]));
  return h("div", { class: "row" }, h("a", { class: "button", href: `/processes/${encodeURIComponent(service)}?${said}` }, `Run ${title}…`));
}

function chips(list) {
  return list?.length ? h("ul", { class: "chips", "aria-label": "What was understood" }, list.map(({ label, value }) => h("li", { class: "chip" }, h("b", {}, label), h("span", {}, words(value))))) : null;
}

function assumptions({ assumptions: assumed = [], unknown = [] }) {
  const lines = [...assumed.map((item) => `Assumed: ${words(item)}`), ...unknown.map((item) => `Not understood: ${words(item)}`)];
  return lines.length ? h("ul", { class: "assumed" }, lines.map((line) => h("li", {}, line))) : null;
}

function buttons(answer, actions) {
  const { count, geojson, rows = [] } = answer;
  return h("div", { class: "row" },
    geojson?.features?.length > 0 && h("button", { type: "button", class: "primary", onclick: () => actions.show(answer) }, "Show on map"),
    rows.length > 0 && h("button", { type: "button", onclick: () => actions.table(answer) }, "Table"),
    typeof count === "number" && h("span", { class: "quiet" }, counted(count, "result")));
}
