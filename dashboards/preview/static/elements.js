/** Characters without a shape of their own: controls, characters of writing direction, joiners. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A text with its unseen characters written out, so that none changes how others are shown. */
export const seen = (text) => String(text).replace(UNSEEN, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Builds an element; text always becomes a text node, so nothing that was said is ever markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("aria-")) made.setAttribute(name, String(value));
    else if (value === null || value === undefined || value === false) continue;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (name === "style") for (const [key, each] of Object.entries(value)) made.style.setProperty(key, each);
    else made.setAttribute(name, value === true ? "" : name === "title" ? seen(value) : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : seen(child))));
  return made;
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
