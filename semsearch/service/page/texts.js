// What the interface says, in the language of the reader.

import en from "./texts/en.js";
import ja from "./texts/ja.js";
import ko from "./texts/ko.js";
import { store } from "./dom.js";

const TABLES = { en, ja, ko };
const STORED = "semsearch.ui";
const PLACES = { t: "textContent", tLabel: "aria-label", tTitle: "title", tPlaceholder: "placeholder" };

export const NAMES = { ko: "한국어", en: "English", ja: "日本語" };

let table = en;
export let ui = "en";

// The text for a key; `{name}` stands for a value.
export function t(key, values = {}) {
  const text = table[key] ?? en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// A text with a number in it, singular or plural.
export const count = (key, n) => t(n === 1 && table[`${key} one`] ? `${key} one` : key, { n: number(n) });

// Formats are made once: to make one takes longer than to show a card.
const made = new Map();

function format(Kind, options) {
  const key = `${Kind.name} ${ui} ${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Kind(ui, options));
  return made.get(key);
}

export const number = (n, digits = 0) =>
  format(Intl.NumberFormat, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n);

export function date(value, options = { year: "numeric", month: "short", day: "numeric" }) {
  if (!value) return t("undated");
  const [year, month, day] = value.split("-").map(Number);
  const moment = new Date(Date.UTC(year, month - 1, day || 1));
  return format(Intl.DateTimeFormat, { ...options, timeZone: "UTC" }).format(moment);
}

export const month = (value) => date(value, { year: "numeric", month: "long" });

function preferred() {
  const stored = store("localStorage", STORED);
  const wanted = [stored, ...(navigator.languages ?? [navigator.language])];
  return wanted.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => tag in TABLES) ?? "en";
}

function speak(lang) {
  ui = lang;
  table = TABLES[lang];
  document.documentElement.lang = lang;
  for (const [place, attribute] of Object.entries(PLACES)) {
    const name = place.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const node of document.querySelectorAll(`[data-${name}]`)) {
      if (attribute === "textContent") node.textContent = t(node.dataset[place]);
      else node.setAttribute(attribute, t(node.dataset[place]));
    }
  }
  for (const button of document.querySelectorAll("[data-ui]")) {
    button.setAttribute("aria-pressed", String(button.dataset.ui === lang));
  }
}

// Sets the language now, and calls `changed` whenever the reader chooses another.
export function beginTexts(changed) {
  speak(preferred());
  for (const button of document.querySelectorAll("[data-ui]")) {
    button.addEventListener("click", () => {
      store("localStorage", STORED, button.dataset.ui);
      speak(button.dataset.ui);
      changed();
    });
  }
}
