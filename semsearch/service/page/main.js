// Ties the parts together: the state says what to ask and what to show.

import * as api from "./api.js";
import { forgetArticles } from "./article.js";
import { showHits, showOpened } from "./cards.js";
import { $, el, say, store } from "./dom.js";
import { beginFilters, showFilters } from "./filters.js";
import { beginKeys, showKeys } from "./keys.js";
import { ArchiveMap } from "./map.js";
import { weigh } from "./marks.js";
import { clearNotice, emptyArchive, failure, loading, nothingFound } from "./notices.js";
import { beginReader, closeArticle, openPassage, readerAnswer, refresh } from "./reader.js";
import { Search } from "./search.js";
import { begin, change, filtersOf, onChange, state, STEPS } from "./state.js";
import { beginTexts, count, date, number, t } from "./texts.js";
import { showTimeline } from "./timeline.js";
import { beginTips, hideTip } from "./tip.js";

const EXAMPLES = [
  ["ko", "일본 수출 규제와 반도체"],
  ["en", "how two neighbours restored relations"],
  ["ja", "津波の教訓を語り継ぐ人々"],
];
const SLOW_MS = 180;

let info = null;
let answer = null;
let slow = 0;
let retry = 0;

const map = new ArchiveMap($("map"), openPassage);
const search = new Search({ started, answered, failed });

function started() {
  clearTimeout(slow);
  clearTimeout(retry);
  slow = setTimeout(() => {
    document.body.classList.add("waiting");
    if (!answer) {
      loading();
      $("count").textContent = t("searching");
    }
  }, SLOW_MS);
}

function settled() {
  clearTimeout(slow);
  document.body.classList.remove("waiting");
}

function answered(next, complete) {
  settled();
  if (answer && next.generation !== answer.generation) refreshArchive();
  answer = next;
  weigh(answer.hits);
  clearNotice();
  showAnswer();
  if (complete) say(count("hits", next.hits.length));
}

function showAnswer() {
  const { hits } = answer;
  $("count").textContent = count("hits", hits.length);
  $("took").textContent = t("took", { n: number(answer.took_ms, answer.took_ms < 10 ? 1 : 0) });
  drawTimeline(); // first: it asks how wide it is, which would lay out every card
  showHits($("hits"), hits, openPassage);
  showOpened($("hits"), state.open);
  map.update(answer);
  readerAnswer(answer);
  const next = STEPS.find((k) => k > state.k);
  $("show-more").hidden = !(next && hits.length >= state.k);
  if (next) $("show-more").textContent = t("more hits", { n: next });
  if (!hits.length) nothingFound();
}

const drawTimeline = () =>
  showTimeline($("timeline"), answer?.hits ?? [], info, state, (since, until) => change({ since, until }));

function failed(error) {
  settled();
  clearResults();
  document.body.classList.remove("home");
  const again = () => ask();
  retry = failure(error, again, () => askKey(false)) ?? 0;
  if (error.status === 401) askKey(Boolean(store("sessionStorage", "semsearch.key")));
}

function clearResults() {
  answer = null;
  $("hits").replaceChildren();
  $("timeline").replaceChildren();
  $("count").textContent = "";
  $("took").textContent = "";
  $("show-more").hidden = true;
  map.update(null);
}

function ask(how = {}) {
  document.body.classList.toggle("home", !state.q.trim());
  if (info && !info.passages) {
    clearResults();
    document.body.classList.remove("home");
    return emptyArchive();
  }
  if (state.q.trim()) return search.run(state, how);
  search.stop();
  settled();
  clearNotice();
  clearResults();
  return undefined;
}

function askKey(wrong) {
  if ($("key").open) return;
  $("key-note").textContent = t(wrong ? "key wrong" : "key note");
  $("key-value").value = "";
  $("key").showModal();
}

async function loadInfo() {
  try {
    info = await api.info();
  } catch (error) {
    if (error.status === 401) return failed(error);
    return undefined;
  }
  showFilters(info);
  showArchive();
  if (!info.passages) ask();
  else if (answer) drawTimeline();
  return undefined;
}

// The archive has been built anew while the page was open.
function refreshArchive() {
  search.forget();
  forgetArticles();
  map.forget();
  loadInfo();
  if (state.map) showMap();
}

function showArchive() {
  if (!info?.passages) return;
  const [first, last] = [info.first_date, info.last_date].map((day) => (day ? date(day, { year: "numeric", month: "short" }) : "–"));
  const values = { articles: number(info.articles), passages: number(info.passages), first, last };
  $("archive").textContent = t("archive", values);
}

function showExamples() {
  const links = EXAMPLES.map(([lang, text]) => {
    const visit = (event) => {
      if (event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      $("q").value = text;
      change({ q: text });
      $("q").focus();
    };
    return el("li", null, el("a", { href: `/?q=${encodeURIComponent(text)}`, lang, cls: lang, on: { click: visit } }, el("i", { "aria-hidden": "true" }), text));
  });
  $("examples").replaceChildren(el("p", null, t("try")), el("ul", null, links));
}

async function showMap() {
  document.body.classList.toggle("mapped", state.map);
  if (!state.map) return map.hide();
  try {
    await map.show();
    map.update(answer);
  } catch (error) {
    if (error.status === 401) failed(error);
    else map.note.textContent = error.message || t("offline");
  }
  return undefined;
}

function changed(before, how) {
  hideTip();
  if ($("q").value !== state.q && !how.typing) $("q").value = state.q;
  document.title = state.q ? `${state.q} – semsearch` : "semsearch";
  const asked = (values) => JSON.stringify([values.q.trim(), values.k, filtersOf(values)]);
  if (JSON.stringify(filtersOf(before)) !== JSON.stringify(filtersOf(state))) showFilters(info);
  if (asked(before) !== asked(state)) ask(how);
  if (before.map !== state.map) {
    showFilters(info);
    showMap();
    if (state.map && !answer?.map) ask();
  }
  if (before.open !== state.open) {
    map.mark(state.open);
    refresh();
  }
}

function redraw() {
  showFilters(info);
  showExamples();
  showKeys();
  showArchive();
  map.retell();
  if (answer) showAnswer();
  else if (!state.q.trim()) clearNotice();
}

function beginBox() {
  const typed = (event) => {
    const q = $("q").value;
    if (q === state.q) return;
    change({ q, k: STEPS[0], open: "" }, { typing: true, composing: event.isComposing });
  };
  $("q").addEventListener("input", typed);
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (state.q.trim()) ask();
    if (matchMedia("(pointer: coarse)").matches) $("q").blur(); // puts the screen keyboard away
  });
  $("brand").addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    change({ q: "", open: "", map: false, k: STEPS[0] });
    $("q").focus();
  });
}

function beginTheme() {
  const root = document.documentElement;
  $("theme").addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
    if (next === system) delete root.dataset.theme;
    else root.dataset.theme = next;
    store("localStorage", "semsearch.theme", next === system ? null : next);
    map.draw();
  });
}

function beginDialogs() {
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("key-form").addEventListener("submit", () => {
    api.setKey($("key-value").value.trim());
    loadInfo();
    ask();
    if (state.map) showMap();
  });
}

begin();
beginTexts(redraw);
beginTips();
beginFilters();
beginReader();
beginBox();
beginTheme();
beginDialogs();
beginKeys({
  moved: (id) => state.open && openPassage({ id }, { replace: true }),
  escape: (event) => {
    if (!$("tip").hidden) hideTip();
    if (!state.open) return;
    event.preventDefault();
    closeArticle();
  },
});
onChange(changed);
$("show-more").addEventListener("click", () => change({ k: STEPS.find((k) => k > state.k) ?? state.k }, { replace: true }));
addEventListener("online", () => !answer && ask());
let width = innerWidth;
addEventListener("resize", () => {
  if (width !== innerWidth && answer) drawTimeline();
  width = innerWidth;
});
$("q").value = state.q;
if (state.q) document.title = `${state.q} – semsearch`;
redraw();
loadInfo();
ask();
if (state.map) showMap();
if (state.open) refresh();
