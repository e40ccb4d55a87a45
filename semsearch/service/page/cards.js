// Hits as cards.

import { copy, citation, lines } from "./copy.js";
import { el, svg } from "./dom.js";
import { marked } from "./marks.js";
import { state, toAddress } from "./state.js";
import { date, NAMES, t, ui } from "./texts.js";
import { band, scoreOf, why } from "./why.js";

const LONG_TEXT = { en: 900, ko: 450, ja: 450 };
const WORTH_READING = 4;
const unfolded = new Set();

export const langOf = (lang) => (lang in NAMES ? lang : "");

export function tag(lang) {
  return el("span", { cls: `tag ${langOf(lang) || "und"}`, lang: langOf(lang) }, NAMES[lang] ?? "—");
}

export function where(passage) {
  return el("span", { cls: "where", title: passage.source }, el("bdi", null, passage.source), " · ", el("span", null, lines(passage)));
}

function link(passage, open, cls) {
  const visit = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(passage, { byKeyboard: event.detail === 0 });
  };
  const href = toAddress({ ...state, open: passage.id });
  return el("a", { href, cls, lang: langOf(passage.lang), on: { click: visit } }, passage.title || passage.source);
}

function others(key, passages, open) {
  if (!passages?.length) return null;
  const first = (passage, n) => key === "also in" || passages.findIndex(({ article }) => article === passage.article) === n;
  const items = passages.filter(first).map((passage) => // of another story its nearest passage is enough
    el(
      "li",
      null,
      key === "same story" && tag(passage.lang),
      link(passage, open, "other"),
      key === "also in" && where(passage),
    ),
  );
  return el("div", { cls: "others" }, el("h4", null, t(key)), el("ul", null, items));
}

function passageText(hit) {
  const text = el("p", { cls: "passage", lang: langOf(hit.lang) });
  if (hit.text.length <= (LONG_TEXT[hit.lang] ?? 700) || unfolded.has(hit.id)) return [text];
  text.classList.add("folded");
  const unfold = (event) => {
    unfolded.add(hit.id);
    text.classList.remove("folded");
    event.currentTarget.remove();
  };
  return [text, el("button", { type: "button", cls: "quiet", on: { click: unfold } }, t("show all"))];
}

const copyIcon = () =>
  svg(
    "svg",
    { viewBox: "0 0 20 20", "aria-hidden": "true" },
    svg("rect", { cls: "line", x: 7.5, y: 7.5, width: 8.5, height: 8.5, rx: 1.8 }),
    svg("path", { cls: "line", d: "M12.5 4.6c-.2-.4-.6-.6-1-.6H5.8A1.8 1.8 0 0 0 4 5.8v5.7c0 .4.2.8.6 1" }),
  );

// A card, and how it takes in the same hit once more, now with what matched.
function card(hit, open, { again, explained }) {
  let current = hit;
  const details = el("details", { cls: "why", data: { why: hit.id } }, el("summary", null, t("why")));
  const fill = () => details.replaceChildren(details.firstChild, ...(details.open ? [why(current)] : []));
  details.addEventListener("toggle", fill);
  details.open = explained;
  const label = t("copy citation");
  const cite = el("button", { type: "button", cls: "quiet cite", "aria-label": label, data: { tip: label } }, copyIcon());
  cite.addEventListener("click", () => copy(citation(hit), cite));
  const node = el(
    "article",
    { cls: again ? "card again" : "card", data: { id: hit.id, article: hit.article, band: band(hit.score) } },
    el("p", { cls: "meta" }, tag(hit.lang), hit.date && el("time", { datetime: hit.date }, date(hit.date)), scoreOf(hit.score)),
    el("h3", null, link(hit, open, "headline")),
    passageText(hit),
    others("same story", hit.same_story, open),
    others("also in", hit.also_in, open),
    el("div", { cls: "foot" }, el("span", { cls: "place" }, where(hit), cite), details),
  );
  const text = node.querySelector(".passage");
  const update = (next) => {
    if (current !== next || !text.firstChild) text.replaceChildren(...marked(next.text, next));
    current = next;
    if (details.open) fill();
  };
  update(hit);
  return { item: el("li", null, node), update };
}

// What a card shows besides its marks; while it stays the same, so does the card, with its focus and selection.
const signature = (hit, again) =>
  JSON.stringify([ui, toAddress({ ...state, open: "" }), again, hit.score, ...[hit, ...hit.also_in, ...hit.same_story].map(({ id }) => id)]);

let cards = new Map();

export function showHits(list, hits, open) {
  const focused = list.contains(document.activeElement) && document.activeElement.closest(".card")?.dataset.id;
  const explained = new Set([...list.querySelectorAll("details.why[open]")].map((node) => node.dataset.why));
  const calibrated = hits.some((hit) => hit.score > 1.5);
  const next = new Map();
  const nodes = [];
  hits.forEach((hit, n) => {
    const before = hits[n - 1];
    const divided = calibrated && before?.score >= WORTH_READING && hit.score < WORTH_READING;
    if (divided) nodes.push(el("li", { cls: "divide" }, el("span", null, t("less related"))));
    const again = !divided && before?.article === hit.article;
    const key = signature(hit, again);
    const made = cards.get(key) ?? card(hit, open, { again, explained: explained.has(hit.id) });
    made.update(hit);
    next.set(key, made);
    nodes.push(made.item);
  });
  cards = next;
  if (nodes.length === list.children.length && nodes.every((node, n) => node === list.children[n])) return;
  list.replaceChildren(...nodes);
  if (focused) cardLink(list, focused)?.focus({ preventScroll: true });
}

export const cardLink = (list, id) => list.querySelector(`.card[data-id="${CSS.escape(id)}"] .headline`);

// Marks the cards of the open article.
export function showOpened(list, passageId) {
  for (const node of list.querySelectorAll(".card")) {
    const isOpen = node.dataset.id === passageId;
    node.classList.toggle("opened", isOpen);
    const headline = node.querySelector(".headline");
    if (isOpen) headline.setAttribute("aria-current", "true");
    else headline.removeAttribute("aria-current");
  }
}
