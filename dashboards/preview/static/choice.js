/**
 * What the reader has chosen, all of it in the page's address: who opens the address sees the same.
 * `agencies` is empty for all.
 */
export const choice = { lang: document.documentElement.lang, theme: "", client: "", window: "", segment: "all", to: "", agencies: [] };

const NAMES = ["lang", "theme", "client", "window", "segment", "to"];

/** Reads the choices from the address. */
export function readAddress() {
  const asked = new URLSearchParams(location.search);
  for (const name of NAMES) choice[name] = asked.get(name) ?? (name === "lang" ? document.documentElement.lang : name === "segment" ? "all" : "");
  choice.agencies = asked.getAll("agency");
}

/** The choices as parameters of an address; `changes` replace some, empty ones are left out. */
function parametersOf(changes) {
  const { agency, ...others } = { ...Object.fromEntries(NAMES.map((name) => [name, choice[name]])), agency: choice.agencies, ...changes };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(others)) if (value && !(name === "segment" && value === "all")) parameters.set(name, value);
  for (const each of [agency].flat()) if (each) parameters.append("agency", each);
  return parameters;
}

/** The address of another page with the same choices, some of them changed. */
export const addressOf = (path, changes = {}) => `${path}?${parametersOf(changes)}`;

/** Writes the choices into this page's address; `more` are those of this page alone. */
export function writeAddress(more = {}) {
  history.replaceState(null, "", `${location.pathname}?${parametersOf(more)}${location.hash}`);
}

/** The choices that the data depend on, for the server. */
export const asked = () => ({ client: choice.client, window: choice.window, segment: choice.segment, to: choice.to, agency: choice.agencies });
