// Hits over time: bars by month, or by quarter or year where there is no room. A bar filters the dates.

import { el, svg } from "./dom.js";
import { LANGUAGES } from "./state.js";
import { count, date, month, number, t } from "./texts.js";

const HEIGHT = 56;
const LEAST = 5; // pixels a column needs
const UNITS = [["month", 1], ["quarter", 3], ["year", 12]];

const monthIndex = (day) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
const text = (n) => String(n).padStart(2, "0");
const firstDay = (index) => `${String(Math.floor(index / 12)).padStart(4, "0")}-${text((index % 12) + 1)}-01`;

function lastDay(index) {
  const days = new Date(Date.UTC(Math.floor(index / 12), (index % 12) + 1, 0)).getUTCDate();
  return `${firstDay(index).slice(0, 8)}${text(days)}`;
}

function spanText(start, size) {
  if (size === 1) return month(firstDay(start));
  if (size === 12) return date(firstDay(start), { year: "numeric" });
  return `${month(firstDay(start))} – ${month(firstDay(start + size - 1))}`;
}

function columnsOf(hits, first, last, width) {
  const months = monthIndex(last) - monthIndex(first) + 1;
  const [unit, size] = UNITS.find(([, months_in]) => width / (months / months_in) >= LEAST) ?? UNITS[2];
  const start = Math.floor(monthIndex(first) / size) * size;
  const columns = Array.from({ length: Math.ceil((monthIndex(last) - start + 1) / size) }, (_, n) => ({
    start: start + n * size,
    total: 0,
    byLang: { ko: 0, en: 0, ja: 0, und: 0 },
  }));
  for (const hit of hits) {
    const column = columns[Math.floor((monthIndex(hit.date) - start) / size)];
    column.total += 1;
    column.byLang[hit.lang in column.byLang ? hit.lang : "und"] += 1;
  }
  return { columns, unit, size };
}

function barOf(column, { x, wide, most, label, choose }) {
  const group = svg("g", { cls: "bar", role: "button", tabindex: -1, "aria-label": label, data: { tip: label } });
  group.append(svg("rect", { cls: "catch", x, y: 0, width: wide, height: HEIGHT }));
  let y = HEIGHT;
  for (const lang of [...LANGUAGES, "und"]) {
    const height = (column.byLang[lang] / most) * (HEIGHT - 6);
    if (!height) continue;
    y -= height;
    const inner = Math.min(Math.max(wide - 1, 2), 16);
    group.append(svg("rect", { cls: lang, x: x + (wide - inner) / 2, y, width: inner, height }));
  }
  group.addEventListener("click", choose);
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose();
    }
  });
  return group;
}

// Left and right, Home and End go from bar to bar; only one bar is a stop of the Tab key.
function rove(bars) {
  bars[0]?.setAttribute("tabindex", 0);
  bars.forEach((bar, n) =>
    bar.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: n - 1, ArrowRight: n + 1, Home: 0, End: bars.length - 1 }[event.key];
      if (to === undefined || !bars[to]) return;
      event.preventDefault();
      bars.forEach((other) => other.setAttribute("tabindex", other === bars[to] ? 0 : -1));
      bars[to].focus();
    }),
  );
}

// `archive`: first and last day of all. `setDates(since, until)` filters.
export function showTimeline(box, hits, archive, { since, until }, setDates) {
  const focused = box.contains(document.activeElement);
  const dated = hits.filter((hit) => hit.date);
  box.replaceChildren();
  if (!dated.length) return;
  const days = dated.map((hit) => hit.date).sort();
  const first = [archive?.first_date, days[0]].filter(Boolean).sort()[0];
  const last = [archive?.last_date, days[days.length - 1]].filter(Boolean).sort().pop();
  const width = Math.max(200, box.clientWidth);
  const { columns, unit, size } = columnsOf(dated, first, last, width);
  const most = Math.max(...columns.map((column) => column.total));
  const wide = width / columns.length;
  const bars = [];
  const pick = (start) => setDates(firstDay(start), lastDay(start + size - 1));
  columns.forEach((column, n) => {
    if (!column.total) return;
    const label = `${spanText(column.start, size)}: ${count("hits", column.total)}`;
    bars.push(barOf(column, { x: n * wide, wide, most, label, choose: () => pick(column.start) }));
  });
  rove(bars);
  const top = columns.find((column) => column.total === most);
  const told = t("timeline text", {
    n: number(dated.length), a: date(days[0]), b: date(days[days.length - 1]), top: spanText(top.start, size), m: number(most),
  });
  const chosen = since || until;
  const window_ = chosen && windowOf(columns, size, since, until);
  const all = el("button", { type: "button", cls: "quiet small", on: { click: () => setDates("", "") } }, t("all dates"));
  box.append(
    el("div", { cls: "timeline-head" }, el("h3", null, t(`per ${unit}`)), chosen && all),
    svg(
      "svg",
      { cls: "timeline", viewBox: `0 0 ${width} ${HEIGHT}`, width: "100%", height: HEIGHT, role: "group", "aria-label": `${t("timeline")}. ${told}` },
      window_ && svg("rect", { cls: "window", x: window_[0] * wide, y: 0, width: (window_[1] - window_[0]) * wide, height: HEIGHT }),
      svg("line", { cls: "base", x1: 0, x2: width, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 }),
      bars,
    ),
    el("p", { cls: "axis", "aria-hidden": "true" }, el("span", null, first.slice(0, 4)), el("span", null, last.slice(0, 4))),
    el("p", { cls: "vh" }, told),
  );
  if (focused) bars[0].focus();
}

// The columns that the chosen dates cover, as a half-open range.
function windowOf(columns, size, since, until) {
  const start = columns[0].start;
  const place = (day) => Math.floor((monthIndex(day) - start) / size);
  const a = since ? Math.max(0, place(since)) : 0;
  const b = until ? Math.min(columns.length, place(until) + 1) : columns.length;
  return a < b ? [a, b] : null;
}
