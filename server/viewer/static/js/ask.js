/** The question box: what is typed, what was said before, and the card of the last answer. */
import { card } from "./answer.js";
import { counted, fill, h, number } from "./dom.js";
import { ask, askRequest, problemCard, suggestions } from "./sparql.js";
import { suggest } from "./suggest.js";

/** Examples that are offered. */
const MOST = 6;

/**
 * Wire the box.
 * @param {{show: (answer: any) => void, table: (answer: any) => void, edit: (query: string) => void, draw: (name: string, area: any) => void,
 *   view: () => number[]|null, asked: () => void}} actions `asked` is called when an answer has come
 */
export function questionBox(actions) {
  const [form, field, place, examples, list, told] = ["ask", "question", "answer", "examples", "suggestions", "told"].map((id) => document.getElementById(id));
  const button = form.querySelector("button");
  let [running, dialogue, last] = [null, null, null];

  /** Put something to the server and show what comes back, unless something else was put meanwhile. */
  const put = async (asked, why = "", ended = false) => {
    running?.abort();
    running = new AbortController();
    const mine = running;
    button.disabled = true;
    told.textContent = "Understanding and querying …";
    fill(place, h("div", { class: "card waiting" }, told.textContent));
    try {
      const answer = await asked(mine.signal);
      const change = why && effect(why, last, answer, ended);
      dialogue = answer.dialogue ?? dialogue;
      examples.hidden = Boolean(dialogue);
      last = answer;
      fill(place, change && h("p", { class: "quiet effect" }, change), card(answer, { ...actions, change: changed, again: say, otherwise, signal: mine.signal }), dialogue && followed());
      told.textContent = [change, answer.text, answer.simulated && "Simulated data."].filter(Boolean).join(" ");
      if (why) place.querySelector("article").focus({ preventScroll: true });
      actions.asked();
    } catch (error) {
      if (error.name === "AbortError") return;
      told.textContent = "";
      fill(place, problemCard(error, h));
    } finally {
      if (mine === running) button.disabled = false;
    }
  };
  const say = (question) => {
    field.value = question;
    const view = actions.view();
    return put((signal) => ask({ question, ...(dialogue && { dialogue }), ...(view && { view }) }, signal));
  };
  const changed = (request, edit, why, ended) => put((signal) => askRequest(request, edit, signal), why, ended);
  /** Lets a part of the request be said in other words: what follows up on an answer replaces what is of its kind. */
  const otherwise = (text) => {
    field.value = text;
    field.focus();
    field.select();
  };
  const forget = () => {
    [dialogue, last] = [null, null];
    fill(place);
    examples.hidden = false;
    otherwise("");
  };
  const followed = () => h("p", { class: "quiet follows" }, "The next question may follow up on this one. ", h("button", { class: "plain", type: "button", onclick: forget }, "Start afresh"));

  const suggested = suggest(field, list);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    suggested.close();
    if (field.value.trim()) say(field.value.trim());
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!suggested.take()) form.requestSubmit();
  });
  /** A template with gaps goes into the box to be filled in, a whole question is asked. */
  const taken = (text) => {
    otherwise(text);
    if (!text.includes("…")) form.requestSubmit();
  };
  const offered = (texts) => fill(examples, texts.map((text) => h("button", { type: "button", onclick: () => taken(text) }, text)));
  return {
    /** Offer questions that this server can answer. */
    offer: () => suggestions("").then((texts) => offered(texts.slice(0, MOST))).catch(() => null),
  };
}

/** What an edit, or a run that ended, did: the outcome now, and before. */
function effect(why, before, after, ended) {
  if (ended && after.proposal) return `${why} It brought nothing that meets the question: no such thing was found in what the scenes show.`;
  return `${why} ${outcome(after)}${before ? `; before: ${outcome(before)}` : ""}.`;
}

function outcome({ status, value, unit, count, proposal }) {
  if (status === "refused") return "no answer";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && unit !== "1") return number(value);
  if (typeof count === "number" && (count || !proposal)) return counted(count, "result");
  return proposal ? "a run is proposed" : "an answer";
}

/** Say that this server answers no questions. */
export function switchOff() {
  const form = document.getElementById("ask");
  for (const control of form.querySelectorAll("textarea, button")) control.disabled = true;
  fill(document.getElementById("answer"), h("p", { class: "quiet" }, "This server answers no questions: it was started without the extra qa."));
}
