// Passages with what matched in meaning marked, the stronger the more of the likeness it carries.

import { el } from "./dom.js";
import { number, t } from "./texts.js";

const LEVELS = 4;
const EVEN = 0.7; // a passage's strongest mark is as strong as that of the others from this share on

// Notes on each hit how strong the strongest mark of all is, so that weak hits look weak.
export function weigh(hits) {
  const most = Math.max(0, ...hits.flatMap((hit) => (hit.highlights ?? []).map((mark) => mark.weight)));
  for (const hit of hits) hit.strongest = most;
}

function tipOf({ word, weight }) {
  const what = word ? t("answers to", { word }) : t("matches meaning");
  return weight > 0 ? `${what} · ${t("of likeness", { n: number(weight * 100) })}` : what;
}

// Where matched words stand in the text as they are; used where the model tells nothing, as in mode `words`.
function literal(text, matched) {
  const lower = text.toLowerCase();
  const found = [];
  if (lower.length !== text.length) return found;
  for (const { word, form } of matched) {
    const needle = form.toLowerCase();
    for (let at = lower.indexOf(needle); needle && at >= 0; at = lower.indexOf(needle, at + needle.length)) {
      found.push({ start_utf16: at, end_utf16: at + needle.length, weight: 0, word });
    }
  }
  return found;
}

// Text and marks as nodes; together they are exactly `text`.
export function marked(text, { highlights = [], matched = [], strongest = 0 } = {}) {
  const marks = highlights.length ? [...highlights] : literal(text, matched);
  const most = Math.max(...marks.map((mark) => mark.weight), EVEN * strongest);
  marks.sort((a, b) => a.start_utf16 - b.start_utf16);
  const nodes = [];
  let at = 0;
  for (const mark of marks) {
    if (mark.start_utf16 < at || mark.end_utf16 > text.length) continue;
    const level = most ? Math.max(1, Math.ceil((LEVELS * mark.weight) / most)) : LEVELS;
    nodes.push(text.slice(at, mark.start_utf16));
    const inside = text.slice(mark.start_utf16, mark.end_utf16);
    nodes.push(el("mark", { cls: `s${level}`, tabindex: -1, data: { tip: tipOf(mark), word: mark.word } }, inside));
    at = mark.end_utf16;
  }
  nodes.push(text.slice(at));
  return nodes.filter((node) => node !== "");
}
