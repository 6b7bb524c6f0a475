/** "Add layer from query": the three fields that users of Sextant know. */
import { fill, h } from "./dom.js";
import { ENDPOINT, Problem, ownEndpoint, problemCard } from "./sparql.js";

/** Wire the dialog; `add(name, query, endpoint)` makes the layer. @returns {(name?: string, query?: string) => void} opens it */
export function layerDialog(add) {
  const [dialog, form, uri, name, query, error] = ["layer-dialog", "layer-form", "layer-uri", "layer-name", "layer-query", "layer-error"].map((id) => document.getElementById(id));
  document.getElementById("layer-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      const endpoint = ownEndpoint(uri.value.trim());
      if (!name.value.trim()) throw new Problem({ detail: "The layer needs a name" });
      if (!query.value.trim()) throw new Problem({ detail: "The layer needs a query" });
      dialog.close();
      add(name.value.trim(), query.value, endpoint);
    } catch (problem) {
      fill(error, problemCard(problem, h));
    }
  });
  return (proposedName = "", proposedQuery = "") => {
    uri.value = ENDPOINT;
    name.value = proposedName;
    query.value = proposedQuery;
    fill(error);
    dialog.showModal();
    name.focus();
  };
}
