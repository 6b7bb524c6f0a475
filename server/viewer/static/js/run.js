/** A run that would answer a question: what it would do, starting it, its progress, and the same request again. */
import { fill, h } from "./dom.js";
import { boundsOf } from "./geometry.js";
import { cancelJob, jobResults, jobState, problemCard, Problem, startRun } from "./sparql.js";

const LOOK = 700;
const ENDED = ["successful", "failed", "dismissed"];
const pause = (time) => new Promise((resolve) => { setTimeout(resolve, time); });
let token = "";

/** What is proposed, for who bears the token of the server to start. */
export function proposalCard(proposal, actions) {
  const { service, title, parameters, area, request } = proposal;
  const said = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [`input-${name}`, String(value)]));
  const form = h("a", { class: request ? "button quietly" : "button", href: `/processes/${encodeURIComponent(service)}?${said}` }, `Run ${title}…`);
  const state = h("div", { class: "job", "aria-live": "polite" });
  return h("section", { class: "proposal", "aria-label": "Proposed run" },
    h("dl", { class: "facts" }, facts(proposal).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    area && h("div", { class: "row" }, h("button", { type: "button", class: "plain", onclick: () => actions.draw(`Area of ${title}`, area) }, "Show the area")),
    proposal.estimate?.obstacle && h("div", { class: "problem" }, h("strong", {}, "As things stand this run would fail"), proposal.estimate.obstacle),
    request && !proposal.estimate?.obstacle ? starter(proposal, actions, state, form) : h("div", { class: "row" }, form),
    state);
}

function facts({ title, area, start, end, estimate, assumptions = [] }) {
  const degrees = (value, ends) => `${Math.abs(value).toFixed(3)}° ${ends[value < 0 ? 1 : 0]}`;
  const box = area && boundsOf([area]);
  const rows = [
    ["run", title],
    box && ["area", `${degrees(box[1], "NS")} – ${degrees(box[3], "NS")}, ${degrees(box[0], "EW")} – ${degrees(box[2], "EW")}`],
    start && ["dates", start === end || !end ? start : `${start} – ${end}`],
    ...assumptions.map((text) => ["assumed", text]),
    estimate && !estimate.obstacle && ["estimate", `some ${Math.max(1, Math.round(estimate.seconds))} s, ${Math.round(estimate.memory_mib)} MiB`],
    ...(estimate?.notes ?? []).filter(() => !estimate.obstacle).map((text) => ["with", text]),
  ];
  return rows.filter(Boolean);
}

function starter(proposal, actions, state, form) {
  const field = h("input", { type: "password", autocomplete: "off", value: token, "aria-label": "Token of the server", placeholder: "token of the server" });
  const go = h("button", { type: "submit", class: "primary" }, "Start this run");
  const submit = async (event) => {
    event.preventDefault();
    token = field.value;
    go.disabled = true;
    try {
      await follow(await startRun(proposal.service, proposal.parameters, token), state, actions);
      if (!actions.signal.aborted) actions.change(proposal.request, [], `${proposal.title}: the run has ended.`, true);
    } catch (error) {
      go.disabled = false;
      if (error.name !== "AbortError") fill(state, problemCard(error, h));
    }
  };
  return h("form", { class: "row", onsubmit: submit }, field, go, form);
}

/** Show the progress of a job until it ends; raises a Problem unless it is successful, and stops looking when the card is gone. */
async function follow(job, state, { signal }) {
  const bar = h("progress", { max: 100, value: 0, "aria-label": "Progress" });
  const told = h("span", { class: "quiet" });
  const stop = h("button", { type: "button", class: "plain", onclick: () => cancelJob(job.jobID, token).catch((error) => { told.textContent = error.message; }) }, "Cancel");
  fill(state, bar, h("div", { class: "row" }, told, h("a", { class: "quiet", href: `/jobs/${encodeURIComponent(job.jobID)}?f=html` }, "Job"), stop));
  for (let now = job; ; now = await jobState(job.jobID, signal)) {
    bar.value = now.progress ?? 0;
    told.textContent = [now.stage, now.message].filter(Boolean).join(": ");
    if (now.status === "successful") return;
    if (ENDED.includes(now.status)) {
      // the result of a failed job is its problem: what, why and the way out
      await jobResults(job.jobID, signal);
      throw new Problem({ detail: "The run failed", why: now.message });
    }
    await pause(LOOK);
    signal.throwIfAborted();
  }
}
