// The filters: languages as chips, dates, source, mode, minimum score. They show the state and change it.

import { $, el } from "./dom.js";
import { activeFilters, change, LANGUAGES, MODES, noFilters, state } from "./state.js";
import { NAMES, number, t } from "./texts.js";

const LEAST = ["", "2", "4", "6", "8"];
const TYPING_MS = 300;

function chip(lang, n) {
  const toggle = () => {
    const chosen = new Set(state.lang);
    if (!chosen.delete(lang)) chosen.add(lang);
    const lang_ = LANGUAGES.filter((one) => chosen.has(one));
    change({ lang: lang_.length === LANGUAGES.length ? [] : lang_ });
  };
  return el(
    "button",
    { type: "button", cls: `chip ${lang}`, "aria-pressed": String(state.lang.includes(lang)), data: { lang }, on: { click: toggle } },
    el("i", { "aria-hidden": "true" }),
    el("span", { lang }, NAMES[lang]),
    n !== undefined && el("span", { cls: "n" }, number(n)),
  );
}

function leastText(value) {
  if (value === "") return t("off");
  return value === "4" || value === "6" ? t(`least ${value}`) : number(Number(value), Number.isInteger(Number(value)) ? 0 : 1);
}

// Shows the filters as the state has them.
export function showFilters(info) {
  const focused = document.activeElement?.dataset?.lang;
  $("langs").replaceChildren(...LANGUAGES.map((lang) => chip(lang, info?.languages?.[lang] ?? (info ? 0 : undefined))));
  if (focused) $("langs").querySelector(`[data-lang="${focused}"]`)?.focus();
  for (const name of ["since", "until", "source"]) if ($(name).value !== state[name] && $(name) !== document.activeElement) $(name).value = state[name];
  $("mode").replaceChildren(...MODES.map((mode) => el("option", { value: mode }, t(mode))));
  $("mode").value = state.mode;
  const leasts = LEAST.includes(state.min) ? LEAST : [...LEAST, state.min];
  $("min").replaceChildren(...leasts.map((value) => el("option", { value }, leastText(value))));
  $("min").value = state.min;
  const active = activeFilters();
  $("active").hidden = !active;
  $("active").textContent = number(active);
  $("clear").disabled = !active && !state.lang.length;
  $("map-toggle").setAttribute("aria-pressed", String(state.map));
  if (info?.first_date) {
    for (const name of ["since", "until"]) Object.assign($(name), { min: info.first_date, max: info.last_date });
  }
  $("roots").replaceChildren(...(info?.roots ?? []).map((root) => el("option", { value: `${root.replace(/\/+$/, "")}/*` })));
}

export function unfold(open) {
  $("filters").hidden = !open;
  $("more").setAttribute("aria-expanded", String(open));
}

export function beginFilters() {
  $("more").addEventListener("click", () => unfold($("filters").hidden));
  for (const name of ["mode", "min"]) $(name).addEventListener("change", () => change({ [name]: $(name).value }));
  let timer = 0;
  const soon = (name) => {
    clearTimeout(timer);
    timer = setTimeout(() => state[name] !== $(name).value && change({ [name]: $(name).value }), TYPING_MS);
  };
  for (const name of ["since", "until", "source"]) {
    $(name).addEventListener("input", () => soon(name));
    $(name).addEventListener("change", () => {
      clearTimeout(timer);
      if (state[name] !== $(name).value) change({ [name]: $(name).value });
    });
  }
  $("clear").addEventListener("click", () => change(noFilters()));
  $("map-toggle").addEventListener("click", () => change({ map: !state.map }));
  if (activeFilters()) unfold(true);
}
