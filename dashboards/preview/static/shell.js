import { asked, choice, readAddress, writeAddress } from "./choice.js";
import { assign } from "./colours.js";
import { drawControls, drawStrip } from "./controls.js";
import { say, speak, useZone } from "./format.js";
import { learn } from "./names.js";
import { get } from "./server.js";
import { listen, patience } from "./updates.js";

const RETRY_MS = 2000;

/** What the server has said so far: the definition of panels and texts, choices there are, until when data reach. */
export const known = { definition: null, clients: [], clientNames: new Map(), names: "", agencies: [], segments: [], newest: null, version: null, trouble: "", zone: null };

const NO_VARIABLES = { agencies: [], segments: [], names: { client: { name: null, logo: null }, agencies: [] } };

let page = null;
let waking = null;
let turn = 0;
/** The turn of the refresh under way, 0 where none is; the version that the server said last. */
let busy = 0;
let latest = null;

/** Whether a newer choice has been made since `then`; its answers are not shown any more. */
export const outdated = (then) => then !== turn;
export const now = () => turn;

async function define() {
  known.definition = await get("/api/panels", { lang: choice.lang });
  const { language, texts, time_zone, currency } = known.definition;
  speak(language, texts, known.zone ?? time_zone, currency);
  document.documentElement.lang = known.definition.language;
  document.title = `Ascolto · ${say(page.title)}`;
  if (!known.definition.windows.includes(choice.window)) choice.window = known.definition.window;
  page.define?.();
}

async function refresh() {
  const { clients, names } = await get("/api/clients");
  Object.assign(known, { clients, clientNames: new Map(names) });
  if (clients.length && !clients.includes(choice.client)) choice.client = clients[0];
  if (choice.client) listen(choice.client, updated);
  const { version, ...reach } = await get("/api/version", { client: choice.client });
  known.reach = reach;
  known.newest = reach.newest;
  document.body.classList.toggle("without-data", !known.newest);
  known.trouble = "";
  if (page.everyMs ? true : known.newest && version !== known.version) {
    const variables = choice.client ? await get("/api/variables", { client: choice.client }) : NO_VARIABLES;
    Object.assign(known, { agencies: variables.agencies, segments: variables.segments });
    assign(known.agencies);
    learn(variables.names);
    known.zone = variables.time_zone ?? known.definition.time_zone;
    useZone(known.zone);
    known.names = JSON.stringify([variables.names, variables.time_zone, names]);
    show();
    const mine = turn;
    const answered = await page.refresh(asked(), mine);
    if (outdated(mine)) return;
    if (answered) known.version = version;
    else known.trouble = "ui.partial";
  }
}

/** Draws the top of the page: what was chosen, and until when the data reach. */
function show() {
  drawControls(document.getElementById("top"), { page, known, change });
  drawStrip(document.getElementById("strip"), { known });
}

/** Refreshes, shows, and refreshes again later; a newer choice cancels an older refresh. */
async function tick() {
  clearTimeout(waking);
  const mine = ++turn;
  busy = mine;
  if (!document.hidden || !known.version) {
    try {
      await refresh();
    } catch {
      known.trouble = "ui.offline";
    }
    if (mine !== turn) return;
    show();
  }
  busy = 0;
  waking = setTimeout(tick, page.everyMs ?? (settled() ? patience() : RETRY_MS));
}

/** Whether what is shown is all there is, as far as the server has said. */
const settled = () => !known.trouble && (latest === null || latest === known.version);

/** What the server says by itself: the data have changed, or the store does not answer (no version). */
function updated({ version }) {
  latest = version;
  if (!busy && (version === null || !settled())) tick();
}

/** Applies what the reader chose: the address and the top show it at once, old figures say that they are old. */
export async function change(changes) {
  turn += 1;
  const language = changes.lang && changes.lang !== choice.lang;
  if (changes.client && changes.client !== choice.client) Object.assign(choice, { segment: "all", to: "", agencies: [] });
  Object.assign(choice, changes);
  known.version = null;
  writeAddress(page.own?.());
  paint();
  try {
    if (language) await define();
  } catch {
    known.trouble = "ui.offline";
  }
  page.wait?.();
  show();
  await tick();
}

/** Light or dark, as chosen, or as the reader's system is. */
function paint() {
  document.documentElement.dataset.theme = ["light", "dark"].includes(choice.theme) ? choice.theme : "";
}

/**
 * Starts a page.
 *
 * `title` is the key of its title; `define()` makes its places anew, as after a change of language;
 * `refresh(parameters, turn)` fills them and says whether all of them answered; `wait()` marks what
 * is shown as of an older choice; `own()` gives what else of it is in the address. A page with `everyMs` is
 * refreshed so often, whether the data have changed or not; one that is `whole` has no choice of window and agencies.
 */
export async function startPage(given) {
  page = given;
  readAddress();
  paint();
  for (;;) {
    try {
      await define();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  show();
  page.wait?.();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  await tick();
}
