/** Talks to this server, and to no other. */

/** What went wrong, why, and the way out, as the server's problem body tells it. */
export class Problem extends Error {
  constructor(body) {
    super(body.detail || body.title || "The request failed");
    this.why = body.why || "";
    this.wayOut = body.way_out || "";
  }
}

/** @returns {HTMLElement} */
export function problemCard(error, h) {
  const lines = [error.why, error.wayOut].filter(Boolean).join("\n");
  return h("div", { class: "problem", role: "alert" }, h("strong", {}, error.message), lines);
}

async function checked(response) {
  if (response.ok) return response;
  const type = response.headers.get("Content-Type") || "";
  const body = type.includes("problem+json") ? await response.json() : { detail: `The server answered ${response.status}` };
  throw new Problem(body);
}

async function reach(address, options) {
  try {
    return await checked(await fetch(address, { credentials: "same-origin", redirect: "error", ...options }));
  } catch (error) {
    if (error instanceof TypeError) throw new Problem({ detail: "The server cannot be reached", way_out: "Is `earthweave serve` still running?" });
    throw error;
  }
}

/** Our endpoint, absolute. */
export const ENDPOINT = new URL("/sparql", location.href).href;

/** Raise a Problem unless the address is on this server. */
export function ownEndpoint(text) {
  let url;
  try {
    url = new URL(text, location.href);
  } catch {
    throw new Problem({ detail: "The endpoint URI is no address", way_out: `Use ${ENDPOINT}` });
  }
  if (url.origin !== location.origin)
    throw new Problem({ detail: "Only this server's own endpoint can be asked from this page", why: "The page makes no request to any other server.", way_out: `Use ${ENDPOINT}` });
  return url.href;
}

async function post(query, accept, { signal, endpoint = ENDPOINT } = {}) {
  return reach(endpoint, { method: "POST", signal, headers: { "Content-Type": "application/sparql-query", Accept: accept }, body: query });
}

/** Run a query for the map. @returns {Promise<any>} GeoJSON with notices in `earthweave` */
export async function features(query, options) {
  return (await post(query, "application/geo+json", options)).json();
}

/** Run any query for the table: SPARQL results as JSON, or triples as text. */
export async function results(query, options) {
  const response = await post(query, "application/sparql-results+json, text/turtle;q=0.9", options);
  if ((response.headers.get("Content-Type") || "").startsWith("text/turtle")) return { graph: await response.text() };
  return response.json();
}

/** A result as a file. */
export async function file(query, format, accept) {
  const response = await post(query, accept, {});
  return { blob: await response.blob(), name: /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") || "")?.[1] || `result.${format}` };
}

/** Data of a JSON route. */
export async function get(path) {
  return (await reach(path, { headers: { Accept: "application/json" } })).json();
}

async function sent(path, body, { signal, headers } = {}) {
  return (await reach(path, { method: "POST", signal, headers: { "Content-Type": "application/json", Accept: "application/json", ...headers }, body: JSON.stringify(body) })).json();
}

/** Ask a question in English. @param {{question: string, dialogue?: any, view?: number[]}} body */
export const ask = (body, signal) => sent("/api/ask", body, { signal });

/** Answer a request of an earlier answer, after an edit (JSON Patch). */
export const askRequest = (request, edit, signal) => sent("/api/ask/request", { request, edit }, { signal });

/** Where an answer comes from: statements with thing, relation, source and label. */
export const origins = async (iris, request) => (await sent("/api/ask/provenance", { iris, request })).origins;

/** How a question may go on. */
export const suggestions = async (text, signal) => (await (await reach(`/api/ask/suggestions?${new URLSearchParams({ text })}`, { signal })).json()).suggestions;

/** Start a run; gives the state of its job. */
export const startRun = (service, inputs, token) => sent(`/processes/${encodeURIComponent(service)}/execution`, { inputs }, { headers: { Prefer: "respond-async", ...bearer(token) } });

/** The state of a job. */
export const jobState = async (id, signal) => (await reach(`/jobs/${encodeURIComponent(id)}`, { signal, headers: { Accept: "application/json" } })).json();

/** What a job brought; raises the Problem that ended it. */
export const jobResults = (id, signal) => reach(`/jobs/${encodeURIComponent(id)}/results`, { signal, headers: { Accept: "application/json" } });

/** Cancel a job. */
export const cancelJob = (id, token) => reach(`/jobs/${encodeURIComponent(id)}`, { method: "DELETE", headers: { Accept: "application/json", ...bearer(token) } });

const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});
