// The article beside the hits, with the passage marked and scrolled to.

import * as api from "./api.js";
import { langOf, tag } from "./cards.js";
import { citation, copy, lines } from "./copy.js";
import { el, webAddress } from "./dom.js";
import { marked } from "./marks.js";
import { count, date, number, t } from "./texts.js";

const KEPT = 20;
const kept = new Map();

async function fetched(passage, signal) {
  const id = passage.article;
  if (!kept.has(id)) {
    kept.set(id, await api.article(id, signal));
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(id);
}

export const forgetArticles = () => kept.clear();

// The article's text in paragraphs: passages, and between them what is in none, such as the line with the date.
function paragraphs(article, target, hits) {
  const nodes = [];
  let at = 0;
  const between = (end) => {
    const rest = article.text.slice(at, end).trim();
    if (rest) nodes.push(el("p", { cls: "between" }, rest));
  };
  for (const span of article.passages) {
    if (span.start_utf16 < at) continue;
    between(span.start_utf16);
    const text = article.text.slice(span.start_utf16, span.end_utf16);
    const hit = hits.get(span.id);
    const isTarget = span.id === target;
    const cls = isTarget ? "target" : hit ? "hit" : null;
    const props = { cls, lang: langOf(span.lang), data: { id: span.id }, "aria-current": isTarget ? "true" : null };
    nodes.push(el("p", props, hit ? marked(text, hit) : text));
    at = span.end_utf16;
  }
  between(article.text.length);
  return nodes;
}

function head(article, span) {
  const address = webAddress(article.url);
  const text = article.text.slice(span.start_utf16, span.end_utf16);
  const cited = { ...article, ...span, text };
  const button = (key, value) => {
    const node = el("button", { type: "button", cls: "outlined", data: { copy: key } }, t(key));
    node.addEventListener("click", () => copy(value(), node));
    return node;
  };
  return el(
    "header",
    { cls: "article-head" },
    el("p", { cls: "meta" }, tag(article.lang), article.date && el("time", { datetime: article.date }, date(article.date))),
    el("h2", { id: "article-title", lang: langOf(article.lang) }, article.title || article.source),
    el(
      "p",
      { cls: "where" },
      el("bdi", null, article.source),
      [article.locator, lines(span), t("characters", { a: number(span.start), b: number(span.end) })]
        .filter(Boolean)
        .flatMap((text_) => [" · ", el("span", null, text_)]),
    ),
    el(
      "div",
      { cls: "actions" },
      button("copy passage", () => text),
      button("copy citation", () => citation(cited)),
      address && el("a", { href: address, target: "_blank", rel: "noopener noreferrer", cls: "outlined" }, t("original")),
    ),
  );
}

// Fills the pane with the article of a passage. `hits`: the hits on show, by id.
export async function showArticle(pane, passage, { hits, actions, signal }) {
  const article = await fetched(passage, signal);
  if (signal?.aborted) return;
  const span = article.passages.find((one) => one.id === passage.id) ?? article.passages[0];
  const target = span?.id;
  const more = article.passages.filter((one) => hits.has(one.id) && one.id !== target).length;
  const stayed = pane.dataset.article === article.id && pane.dataset.passage === target ? pane.scrollTop : null;
  const close = el("button", { type: "button", cls: "quiet icon close", "aria-label": t("close"), title: t("close") }, "×");
  close.addEventListener("click", actions.close);
  pane.replaceChildren(
    close,
    span ? head(article, span) : el("h2", { id: "article-title" }, article.title),
    el(
      "div",
      { cls: "article-body", lang: langOf(article.lang) },
      more > 0 && el("p", { cls: "more-hits" }, count("other hits", more)),
      paragraphs(article, target, hits),
    ),
  );
  pane.dataset.article = article.id;
  pane.dataset.passage = target ?? "";
  pane.hidden = false;
  const place = pane.querySelector(".target");
  if (stayed !== null) pane.scrollTop = stayed;
  else if (place) scrollTo(pane, place);
}

// Brings a paragraph to the upper third of the pane, without moving the page.
function scrollTo(pane, place) {
  const top = pane.querySelector(".article-head");
  const headHeight = getComputedStyle(top).position === "sticky" ? top.offsetHeight : 0;
  const offset = place.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;
  const room = pane.clientHeight - headHeight - place.offsetHeight;
  pane.scrollTop = Math.max(0, offset - headHeight - Math.max(16, Math.min(room / 3, 160)));
}
