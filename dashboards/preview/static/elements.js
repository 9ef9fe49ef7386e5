/** Characters without a shape of their own: controls, characters of writing direction, joiners. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A text with its unseen characters written out, so that none changes how others are shown. */
export const seen = (text) => String(text).replace(UNSEEN, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);

const present = (child) => child !== null && child !== undefined && child !== false;

/** Builds an element; text always becomes a text node, so nothing that was said is ever markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("aria-")) { if (present(value) || value === false) made.setAttribute(name, String(value)); }
    else if (!present(value)) continue;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (name === "style") for (const [key, each] of Object.entries(value)) made.style.setProperty(key, each);
    else made.setAttribute(name, value === true ? "" : name === "title" ? seen(value) : String(value));
  }
  made.append(...children.flat(Infinity).filter(present).map((child) => (child instanceof Node ? child : seen(child))));
  return made;
}

/** Where an element is below a place, for finding what has taken its place. */
function pathTo(place, found) {
  const path = [];
  for (let each = found; each !== place; each = each.parentElement) path.unshift([...each.parentElement.children].indexOf(each));
  return path;
}

const KEY = "[data-key]";

/**
 * Puts other children into a place. The reader's focus and what was unfolded stay: they go over to
 * the new element with the same `data-key`, or else in the same position.
 */
export function replace(place, ...children) {
  const active = place.contains(document.activeElement) && document.activeElement !== place ? document.activeElement : null;
  const key = active?.closest(KEY)?.dataset.key;
  const path = active && pathTo(place, active);
  const open = new Set([...place.querySelectorAll(`details${KEY}[open]`)].map((each) => each.dataset.key));
  place.replaceChildren(...children.flat(Infinity).filter(present));
  for (const each of place.querySelectorAll(`details${KEY}`)) if (open.has(each.dataset.key)) each.open = true;
  if (!active) return;
  const same = key && [...place.querySelectorAll(KEY)].find((each) => each.dataset.key === key);
  const next = same || path.reduce((each, at) => each?.children[at], place);
  (next?.matches("a, button, select, input, summary") ? next : next?.querySelector("a, button, select, input, summary"))?.focus({ preventScroll: true });
}

/** A sentence whose «words» are marked. */
export function marked(sentence, kind) {
  const parts = sentence.split(/[«»]/);
  return element("q", { class: `said ${kind}` }, parts.map((part, i) => (i % 2 ? element("mark", {}, part) : part)));
}

/** The rows of an answer as objects by column name. */
export function records({ columns, rows }) {
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
}
