// To the clipboard: the passage, or where it stands.

import { say } from "./dom.js";
import { showTip } from "./tip.js";
import { number, t } from "./texts.js";

async function write(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "vh";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
}

export async function copy(text, button) {
  let message = t("copied");
  try {
    await write(text);
  } catch {
    message = t("copy failed");
  }
  button.focus();
  say(message);
  showTip(message, button.getBoundingClientRect());
}

export const lines = ({ line_start: a, line_end: b }) =>
  a === b ? t("line", { n: number(a) }) : t("lines", { a: number(a), b: number(b) });

// A citation in one line, offsets in code points: “Title”, 2025-06-22, seeds/ko/001.txt:21, characters 1347–1486
export function citation(passage) {
  const where = [`${passage.source}:${passage.line_start}`];
  if (passage.locator) where.push(passage.locator);
  where.push(t("characters", { a: passage.start, b: passage.end }));
  const head = [passage.title && `“${passage.title}”`, passage.date].filter(Boolean);
  return [...head, ...where, passage.url].filter(Boolean).join(", ");
}
