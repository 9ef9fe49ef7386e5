/** Builds an element; text always becomes a text node, so nothing that was said is ever markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("aria-")) made.setAttribute(name, String(value));
    else if (value === null || value === undefined || value === false) continue;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (name === "style") for (const [key, each] of Object.entries(value)) made.style.setProperty(key, each);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
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
