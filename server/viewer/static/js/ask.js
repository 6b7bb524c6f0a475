/** The question box: what is typed, what was said before, and the card of the last answer. */
import { card } from "./answer.js";
import { fill, h } from "./dom.js";
import { ask, askRequest, problemCard } from "./sparql.js";
import { suggest } from "./suggest.js";

const EXAMPLES = ["Which administrative units were flooded in March 2021?", "How many areas have flood level above 10?", "Show the flooded areas in Hawkesbury"];

/**
 * Wire the box.
 * @param {{show: (answer: any) => void, table: (answer: any) => void, edit: (query: string) => void, draw: (name: string, area: any) => void,
 *   view: () => number[]|null}} actions
 */
export function questionBox(actions) {
  const [form, field, place, examples, list] = ["ask", "question", "answer", "examples", "suggestions"].map((id) => document.getElementById(id));
  const button = form.querySelector("button");
  let [running, dialogue] = [null, null];

  /** Put something to the server and show what comes back, unless something else was put meanwhile. */
  const put = async (asked) => {
    running?.abort();
    running = new AbortController();
    const mine = running;
    button.disabled = true;
    fill(place, h("div", { class: "card waiting" }, "Understanding and querying …"));
    try {
      const answer = await asked(mine.signal);
      dialogue = answer.dialogue ?? dialogue;
      fill(place, card(answer, { ...actions, change, again, forget, signal: mine.signal }), dialogue && followed());
    } catch (error) {
      if (error.name !== "AbortError") fill(place, problemCard(error, h));
    } finally {
      if (mine === running) button.disabled = false;
    }
  };
  const say = (question) => {
    field.value = question;
    const view = actions.view();
    return put((signal) => ask({ question, ...(dialogue && { dialogue }), ...(view && { view }) }, signal));
  };
  const change = (request, edit = []) => put((signal) => askRequest(request, edit, signal));
  const again = (question) => say(question);
  const forget = () => {
    dialogue = null;
    fill(place);
    field.value = "";
    field.focus();
  };
  const followed = () => h("p", { class: "quiet follows" }, "The next question may follow up on this one. ", h("button", { class: "plain", type: "button", onclick: forget }, "Start afresh"));

  const suggested = suggest(field, list);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    suggested.close();
    if (field.value.trim()) say(field.value.trim());
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !suggested.take()) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Enter" && !event.shiftKey) event.preventDefault();
  });
  fill(examples, EXAMPLES.map((text) => h("button", { type: "button", onclick: () => { field.value = text; form.requestSubmit(); } }, text)));
}

/** Say that this server answers no questions. */
export function switchOff() {
  const form = document.getElementById("ask");
  for (const control of form.querySelectorAll("textarea, button")) control.disabled = true;
  fill(document.getElementById("answer"), h("p", { class: "quiet" }, "This server answers no questions: it was started without the extra qa."));
}
