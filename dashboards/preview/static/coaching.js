import { choice } from "./choice.js";
import { colourOf } from "./colours.js";
import { element, marked, records, replace } from "./elements.js";
import { measure, say, shortTime } from "./format.js";
import { conversationAddress } from "./links.js";
import { nameOf, titleOf } from "./names.js";
import { get } from "./server.js";
import { known, outdated, startPage } from "./shell.js";

const main = () => document.getElementById("coaching");
/** What was drawn last: the same again would lose the reader's selection. */
let drawn = "";

const SIDES = [["worst", "harsh", "aggression"], ["best", "kind", "empathy"]];

function side(rows, [name, kind, score]) {
  return element("div", { class: `side ${kind}` }, element("h3", {}, say(`coaching.${name}`)),
    rows.length ? element("ol", {}, rows.map((row) => element("li", {}, marked(row.sentence, kind),
      element("p", {}, element("a", { href: conversationAddress(row.conversation, row.agency), "data-key": `${row.conversation}-${name}` }, element("time", { datetime: row.time }, shortTime(row.time))),
        ` · ${say(`kind.${row.kind}`, {}, say(`quote.${score}`))} · ${say(`column.${score}`).toLowerCase()} ${measure("score", row.score)}`))))
      : element("p", { class: "quiet" }, say(`coaching.no_${name}`)));
}

async function refresh(parameters, turn) {
  try {
    const rows = records(await get("/api/coaching", parameters));
    if (outdated(turn)) return true;
    const seen = JSON.stringify([rows, choice, known.names]);
    main().classList.remove("stale");
    main().querySelector(".old").textContent = "";
    if (seen === drawn) return true;
    drawn = seen;
    const agencies = [...new Set(rows.map((row) => row.agency))];
    replace(main(), element("p", { class: "description" }, say("coaching.description")), element("p", { class: "old", role: "status" }),
      agencies.length ? agencies.map((agency) => element("section", { class: "panel", style: { "--agency": colourOf(agency) }, "aria-label": nameOf(agency) },
        element("h2", { class: "agency", title: titleOf(agency) }, nameOf(agency)),
        element("div", { class: "sides" }, SIDES.map((each) => side(rows.filter((row) => row.agency === agency && row.side === each[0]), each)))))
        : element("p", { class: "quiet" }, say("ui.no_rows")),
      agencies.length ? element("p", {}, element("button", { type: "button", class: "print", "data-key": "print", on: { click: () => window.print() } }, say("coaching.print"))) : null);
    return true;
  } catch {
    return outdated(turn);
  }
}

function define() {
  drawn = "";
  main().replaceChildren(element("p", { class: "old", role: "status" }), element("div", { class: "panel loading" }, element("div", { class: "skeleton", "aria-hidden": "true" }, [1, 2, 3].map(() => element("i")))));
}

function wait() {
  if (main().querySelector(".loading")) return;
  main().classList.add("stale");
  main().querySelector(".old").textContent = say("ui.loading_choice", { choice: say(`window.${choice.window}`) });
}

startPage({ title: "coaching.title", define, refresh, wait });
