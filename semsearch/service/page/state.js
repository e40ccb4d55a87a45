// What is asked and shown, kept in the address: shareable, and back and forward work.

export const LANGUAGES = ["ko", "en", "ja"];
export const MODES = ["hybrid", "dense", "words"];
export const STEPS = [20, 50, 100];

const EMPTY = { q: "", lang: [], since: "", until: "", source: "", mode: "hybrid", min: "", k: STEPS[0], open: "", map: false };
const QUIET_MS = 1500;

const listeners = [];
let lastWrite = 0;

export const state = { ...EMPTY };

const day = (value) => (/^\d{4}-\d{2}-\d{2}$/.test(value ?? "") ? value : "");

export function fromAddress(search) {
  const given = new URLSearchParams(search);
  const min = given.get("min") ?? "";
  return {
    q: (given.get("q") ?? "").slice(0, 2000),
    lang: LANGUAGES.filter((lang) => given.getAll("lang").includes(lang)),
    since: day(given.get("since")),
    until: day(given.get("until")),
    source: given.get("source") ?? "",
    mode: MODES.includes(given.get("mode")) ? given.get("mode") : EMPTY.mode,
    min: min !== "" && Number.isFinite(Number(min)) ? min : "",
    k: STEPS.includes(Number(given.get("k"))) ? Number(given.get("k")) : EMPTY.k,
    open: /^[0-9a-f]{16}$/.test(given.get("open") ?? "") ? given.get("open") : "",
    map: given.get("map") === "1",
  };
}

export function toAddress(values) {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (name === "lang") value.forEach((lang) => out.append("lang", lang));
    else if (name === "map") value && out.set("map", "1");
    else if (value !== EMPTY[name]) out.set(name, value);
  }
  const text = out.toString();
  return text ? `/?${text}` : "/";
}

export const filtersOf = ({ lang, since, until, source, mode, min }) => ({ lang, since, until, source, mode, min });

export const noFilters = () => filtersOf(EMPTY);

// How many filters beside the languages are set.
export const activeFilters = () =>
  ["since", "until", "source", "mode", "min"].filter((name) => state[name] !== EMPTY[name]).length;

export const onChange = (listener) => listeners.push(listener);

// Changes the state. What is typed quickly becomes one entry of the history; `replace` makes none.
export function change(patch, { typing = false, replace = false, composing = false } = {}) {
  const before = { ...state };
  Object.assign(state, patch);
  const address = toAddress(state);
  if (address !== location.pathname + location.search) {
    const quick = typing && before.q !== "" && Date.now() - lastWrite < QUIET_MS;
    history[replace || quick ? "replaceState" : "pushState"](null, "", address);
  }
  lastWrite = typing ? Date.now() : 0;
  listeners.forEach((listener) => listener(before, { typing, composing }));
}

export function begin() {
  Object.assign(state, fromAddress(location.search));
  addEventListener("popstate", () => {
    const before = { ...state };
    Object.assign(state, fromAddress(location.search));
    lastWrite = 0;
    listeners.forEach((listener) => listener(before, { typing: false, moved: true }));
  });
}
