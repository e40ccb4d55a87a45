// Which article is open: follows the state, and gives the focus back on closing.

import * as api from "./api.js";
import { showArticle } from "./article.js";
import { cardLink, showOpened } from "./cards.js";
import { $, el } from "./dom.js";
import { change, state } from "./state.js";
import { t } from "./texts.js";

const narrow = matchMedia("(max-width: 979px)");

let controller = null;
let takesFocus = false;
let answer = null;

const pane = () => $("article");

// Every passage on show by id, with copies and versions in other languages.
function known() {
  const out = new Map();
  for (const hit of answer?.hits ?? []) for (const one of [...hit.also_in, ...hit.same_story]) out.set(one.id, one);
  for (const hit of answer?.hits ?? []) out.set(hit.id, hit);
  return out;
}

// On a phone the article lies over everything else, which is then out of reach.
function cover() {
  const over = narrow.matches && !pane().hidden;
  document.body.classList.toggle("covered", over);
  for (const node of document.querySelectorAll(".top, .ask, .status, .results, #timeline, #map, .archive")) node.inert = over;
  pane().setAttribute("role", over ? "dialog" : "complementary");
  if (over) pane().setAttribute("aria-modal", "true");
  else pane().removeAttribute("aria-modal");
}

export function openPassage(passage, { byKeyboard = false, replace = false } = {}) {
  takesFocus = byKeyboard || narrow.matches;
  if (state.open === passage.id) return refresh();
  return change({ open: passage.id }, { replace });
}

export function closeArticle() {
  const id = state.open;
  const focusInside = pane().contains(document.activeElement) || document.activeElement === document.body;
  change({ open: "" });
  if (focusInside) (cardLink($("hits"), id) ?? $("q")).focus({ preventScroll: !narrow.matches });
}

// Shows the state's article, or none.
export async function refresh() {
  controller?.abort();
  document.body.classList.toggle("reading", Boolean(state.open));
  showOpened($("hits"), state.open);
  if (!state.open) {
    pane().hidden = true;
    pane().replaceChildren();
    delete pane().dataset.article;
    return cover();
  }
  controller = new AbortController();
  const { signal } = controller;
  const hits = new Map((answer?.hits ?? []).map((hit) => [hit.id, hit]));
  try {
    const passage = known().get(state.open) ?? (await api.passage(state.open, signal));
    await showArticle(pane(), passage, { hits, actions: { close: closeArticle }, signal });
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    const close = el("button", { type: "button", cls: "outlined", on: { click: closeArticle } }, t("close"));
    const message = error.message || t("offline");
    pane().replaceChildren(el("div", { cls: "notice error" }, el("h2", { id: "article-title" }, t("error")), el("p", null, message), close));
    pane().hidden = false;
  }
  pane().setAttribute("aria-labelledby", "article-title");
  cover();
  if (document.body.classList.contains("home")) pane().scrollIntoView({ block: "nearest" });
  if (takesFocus) pane().focus({ preventScroll: true });
  takesFocus = false;
  return undefined;
}

// A new answer: the marks in an open article follow it.
export function readerAnswer(next) {
  answer = next;
  if (state.open) refresh();
}

export function beginReader() {
  narrow.addEventListener("change", cover);
}
