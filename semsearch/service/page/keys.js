// The keyboard: / to the box, up and down among the hits, left and right through marks, Escape closes.

import { $, el } from "./dom.js";
import { t } from "./texts.js";

const KEYS = [
  [["/"], "keys /"],
  [["↑", "↓"], "keys arrows"],
  [["←", "→"], "keys sides"],
  [["Enter"], "keys enter"],
  [["Esc"], "keys escape"],
];

const headlines = () => [...$("hits").querySelectorAll(".headline")];

const writes = (node) => node?.matches?.("input, select, textarea, [contenteditable]");

function step(event, moved) {
  const links = headlines();
  const here = document.activeElement;
  const inBox = here === $("q");
  const at = links.findIndex((link) => link.closest(".card").contains(here));
  if ((!inBox && at < 0) || !links.length) return;
  const to = at + (event.key === "ArrowDown" ? 1 : -1);
  if (inBox && event.key === "ArrowUp") return;
  event.preventDefault();
  if (to < 0) {
    $("q").focus();
    scrollTo({ top: 0 });
  } else if (links[to]) {
    links[to].focus({ preventScroll: true });
    links[to].closest(".card").scrollIntoView({ block: "nearest" });
    moved(links[to].closest(".card").dataset.id);
  }
}

function stepMark(event) {
  const card = document.activeElement?.closest?.(".card");
  if (!card) return;
  const marks = [...card.querySelectorAll("mark")];
  const at = marks.indexOf(document.activeElement);
  const to = event.key === "ArrowRight" ? at + 1 : at - 1;
  event.preventDefault();
  if (to < 0) card.querySelector(".headline").focus();
  else marks[to]?.focus({ preventScroll: false });
}

export function showKeys() {
  $("keys").replaceChildren(
    ...KEYS.flatMap(([keys, text]) => [el("dt", null, keys.map((key) => el("kbd", null, key))), el("dd", null, t(text))]),
  );
}

// `moved(id)`: another hit has the focus. `escape()`: close what is open.
export function beginKeys({ moved, escape }) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "/" && !writes(document.activeElement)) {
      event.preventDefault();
      $("q").focus();
      $("q").select();
    } else if (event.key === "?" && !writes(document.activeElement)) {
      event.preventDefault();
      $("help").showModal();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event, moved);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") stepMark(event);
    else if (event.key === "Escape") escape(event);
  });
}
