// What is shown instead of hits: nothing found, an error, no connection, an empty archive, a missing key.

import { $, el } from "./dom.js";
import { activeFilters, change, noFilters, state } from "./state.js";
import { number, t } from "./texts.js";

// The button goes away with its notice, so the focus goes to the search box.
function button(key, click) {
  const act = () => {
    $("q").focus();
    click();
  };
  return el("button", { type: "button", cls: "outlined", on: { click: act } }, t(key));
}

function notice(kind, title, ...rest) {
  $("notice").replaceChildren(el("div", { cls: `notice ${kind}`, role: kind === "error" ? "alert" : null }, el("h3", null, title), rest));
}

export const clearNotice = () => $("notice").replaceChildren();

export function nothingFound() {
  const filtered = activeFilters() > (state.mode === "hybrid" ? 0 : 1) || state.lang.length;
  notice(
    "nothing",
    t("nothing"),
    el("p", null, t("nothing text")),
    el(
      "ul",
      null,
      filtered && el("li", null, t("advice filters")),
      state.mode === "words" && el("li", null, t("advice words")),
      el("li", null, t("advice say")),
    ),
    el(
      "p",
      { cls: "actions" },
      filtered && button("clear", () => change({ ...noFilters(), mode: state.mode })),
      state.mode === "words" && button("search meaning", () => change({ mode: "hybrid" })),
    ),
  );
}

export const emptyArchive = () =>
  notice("empty", t("empty"), el("p", null, t("empty text")), el("pre", null, el("code", null, "semsearch build FOLDER")));

export const loading = () => {
  const line = (cls) => el("span", { cls });
  const bone = () => el("div", { cls: "bone" }, line("a"), line("b"), line("c"), line("c"));
  $("notice").replaceChildren(el("div", { cls: "bones", "aria-hidden": "true" }, bone(), bone(), bone()));
};

// An error in the server's words. `again` asks once more; a busy server is asked again by itself.
export function failure(error, again, askKey) {
  if (error.status === 401) return notice("locked", t("key later"), el("p", { cls: "actions" }, button("key enter", askKey)));
  if (error.status === 0) {
    return notice("error", t("offline"), el("p", null, t("offline text")), el("p", { cls: "actions" }, button("again", again)));
  }
  if (error.status === 429 || (error.status === 503 && error.wait)) {
    const wait = Math.min(Math.max(error.wait, 1), 60);
    const timer = setTimeout(again, wait * 1000);
    notice("busy", t("busy"), el("p", null, t("busy text", { n: number(wait) })), error.message && el("p", null, error.message));
    return timer;
  }
  const message = error.message || `HTTP ${error.status}`;
  return notice("error", t("error"), el("p", { cls: "message" }, message), el("p", { cls: "actions" }, button("again", again)));
}
