/** Suggestions below the question while it is typed (the listbox of a WAI-ARIA combobox). */
import { fill, h } from "./dom.js";
import { suggestions } from "./sparql.js";

const PAUSE = 160;

/** Wire them. @returns {{take: () => boolean, close: () => void}} `take` puts the chosen one into the field, if one is chosen */
export function suggest(field, list) {
  let [items, at, asked, timer] = [[], -1, null, 0];
  const draw = () => {
    fill(list, items.map((text, index) => h("li", { role: "option", id: `suggestion-${index}`, "aria-selected": String(index === at), onpointerdown: (event) => { event.preventDefault(); at = index; take(); } }, text)));
    list.hidden = !items.length;
    field.setAttribute("aria-expanded", String(items.length > 0));
    if (at >= 0) field.setAttribute("aria-activedescendant", `suggestion-${at}`);
    else field.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    [items, at] = [[], -1];
    draw();
  };
  const take = () => {
    if (at < 0) return false;
    field.value = items[at];
    close();
    field.focus();
    return true;
  };
  const look = async () => {
    asked?.abort();
    asked = new AbortController();
    const mine = asked;
    try {
      const found = await suggestions(field.value.trim(), mine.signal);
      if (mine.signal.aborted) return;
      [items, at] = [found.filter((text) => text !== field.value.trim()), -1];
      draw();
    } catch {
      // whoever types goes on without them
      if (!mine.signal.aborted) close();
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    if (field.value.trim().length < 2) close();
    else timer = setTimeout(look, PAUSE);
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (!items.length || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    at = (at + (event.key === "ArrowDown" ? 1 : -1) + items.length + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % items.length;
    draw();
  });
  return { take, close };
}
