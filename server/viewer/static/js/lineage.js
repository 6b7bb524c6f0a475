/** Where an answer comes from: what came first, the steps from there with their parameters, and every statement. */
import { counted, h, linked, shorten } from "./dom.js";
import { tableOf } from "./table.js";

const WORDS = { wasDerivedFrom: "derived from", wasGeneratedBy: "made by", used: "used", hadPrimarySource: "primary source", wasAttributedTo: "by", wasAssociatedWith: "run by" };
const DATA = ["wasDerivedFrom", "used", "hadPrimarySource"];
const short = (iri) => iri.replace(/^.*[#/]/, "");
const day = (text) => String(text).slice(0, 10);

/** @param {Array<{thing: string, relation: string, source: string, label: string, facts: any}>} statements nearest first */
export function lineage(statements) {
  if (!statements.length) return h("p", { class: "quiet" }, "The store does not say where this comes from.");
  const known = new Map(statements.map(({ source, label, facts = {} }) => [source, { label, facts }]));
  const name = (iri) => known.get(iri)?.label || shorten(iri);
  const row = ({ thing, relation, source }) => [linked(thing, name(thing)), WORDS[short(relation)] ?? short(relation), linked(source, name(source))];
  const made = steps(statements, known, name);
  return [
    firsts(statements, known, name),
    made.length > 0 && h("ol", { class: "assumed steps", "aria-label": "Steps" }, made),
    h("details", {}, h("summary", {}, `All ${counted(statements.length, "statement")}`), h("div", { class: "scroll few" }, tableOf(["what", "", "from"], statements.map(row)))),
  ];
}

/** What itself comes from nothing else that is known: the scenes, and what was handed in. */
function firsts(statements, known, name) {
  const things = new Set(statements.map(({ thing }) => thing));
  const data = statements.filter(({ relation }) => DATA.includes(short(relation)));
  const ends = new Map(data.filter(({ source }) => !things.has(source)).map(({ source }) => [name(source), source]));
  const rows = [...ends].sort(([one], [other]) => one.localeCompare(other));
  return rows.length ? h("ul", { class: "assumed", "aria-label": "Sources" }, rows.map(([said, iri]) => h("li", {}, linked(iri, said), period(known.get(iri).facts), simulated(known.get(iri).facts)))) : null;
}

const simulated = (facts) => (facts.simulated === true ? [" ", h("span", { class: "tag" }, "SIMULATED")] : null);

function period({ from, to }) {
  if (!from) return null;
  return h("span", { class: "quiet" }, ` ${day(from)}${to && day(to) !== day(from) ? ` – ${day(to)}` : ""}`);
}

/** The runs, earliest first: by what, from what, what they made, with which parameters. */
function steps(statements, known, name) {
  const of = (relation, by) => statements.filter((one) => short(one.relation) === relation && by(one));
  const runs = [...new Set(of("wasGeneratedBy", () => true).map(({ source }) => source))];
  const started = (run) => known.get(run).facts.started ?? "";
  return runs.sort((one, other) => String(started(one)).localeCompare(String(started(other)))).map((run) => {
    const list = (found) => [...new Set(found.map(name))].join(", ");
    const agent = list(of("wasAssociatedWith", ({ thing }) => thing === run).map(({ source }) => source));
    const used = list(of("used", ({ thing }) => thing === run).map(({ source }) => source));
    const made = list(of("wasGeneratedBy", ({ source }) => source === run).map(({ thing }) => thing));
    return h("li", {}, h("b", {}, agent || known.get(run).label || shorten(run)), made && ` made ${made}`, used && ` from ${used}`, parameters(known.get(run).facts));
  });
}

function parameters({ parameters: given, started, ended }) {
  const plain = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
  const rows = given && typeof given === "object" ? Object.entries(given).filter(([, value]) => value !== null) : given ? [["parameters", given]] : [];
  if (started) rows.push(["run", `${started}${ended ? ` – ${ended}` : ""}`]);
  return rows.length ? h("details", {}, h("summary", {}, "parameters"), h("dl", { class: "facts" }, rows.map(([key, value]) => [h("dt", {}, key), h("dd", {}, plain(value))]))) : null;
}
