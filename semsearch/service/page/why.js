// Scores, and why a hit ranked where it did.

import { el, svg } from "./dom.js";
import { number, t } from "./texts.js";

const BANDS = [6, 4, 2];
const PARTS = ["dense", "tokens", "words", "fused"];
const LONG = 100;
const FULL = 12; // the score at which the bar is full: twice a typical answer


export const band = (score) => BANDS.find((least) => score >= least) ?? 0;

// A share from 0 to 1 as a bar.
function rail(share, cls) {
  const width = Math.max(0, Math.min(1, share)) * LONG;
  return svg(
    "svg",
    { cls, viewBox: `0 0 ${LONG} 6`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { cls: "rail", width: LONG, height: 6 }),
    svg("rect", { cls: "part", width, height: 6 }),
  );
}

// A score as a word, a bar and a number.
export function scoreOf(score) {
  const least = band(score);
  const words = t(`score ${least}`);
  const help = t("score help", { score: number(score, 1), band: words });
  return el(
    "span",
    { cls: "score", title: help },
    el("span", { cls: "band" }, words),
    rail(score / FULL, "meter"),
    el("span", { cls: "num" }, number(score, 1)),
  );
}

function bar(name, value) {
  const label = PARTS.includes(name) ? t(`part ${name}`) : name;
  return [
    el("dt", { cls: name === "fused" ? "sum" : null }, label),
    el(
      "dd",
      { cls: name === "fused" ? "sum" : null },
      rail(value),
      el("span", { cls: "num" }, number(value, 2)),
    ),
  ];
}

function match({ word, form, origin }) {
  if (origin === "query" || word === form) return el("li", null, el("b", null, form), ` (${t("from query")})`);
  return el("li", null, el("b", null, form), ` = ${word} (${t(`from ${origin}`)})`);
}

export function why(hit) {
  const order = Object.keys(hit.scores).sort((a, b) => PARTS.indexOf(a) - PARTS.indexOf(b));
  const matched = hit.matched ?? [];
  return el(
    "div",
    { cls: "why-body" },
    el("dl", { cls: "parts" }, order.map((name) => bar(name, hit.scores[name]))),
    el("p", { cls: "note" }, t("part help")),
    matched.length
      ? [el("h4", null, t("matched words")), el("ul", { cls: "matched" }, matched.map(match))]
      : el("p", { cls: "note" }, t("no words")),
  );
}
