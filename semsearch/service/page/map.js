// The archive as a map: passages near in meaning lie near each other. Drawn on a canvas, and told as a list.

import * as api from "./api.js";
import { langOf } from "./cards.js";
import { el } from "./dom.js";
import { draw, LEGEND, project } from "./mapdraw.js";
import { hideTip, showTip } from "./tip.js";
import { number, NAMES, t } from "./texts.js";

const NEAR = 16;

export class ArchiveMap {
  constructor(box, open) {
    this.box = box;
    this.open = open;
    this.points = null;
    this.answer = null;
    this.opened = "";
    this.active = -1;
    this.near = false;
    new ResizeObserver(() => this.draw()).observe(box);
    for (const query of ["(prefers-color-scheme: dark)"]) matchMedia(query).addEventListener("change", () => this.draw());
  }

  async show() {
    this.box.hidden = false;
    if (!this.canvas) this.build();
    if (!this.points) {
      this.note.textContent = t("loading map");
      this.points = (await api.map()).points;
    }
    this.tell();
    this.draw();
  }

  hide() {
    this.box.hidden = true;
  }

  build() {
    this.canvas = el("canvas", { tabindex: 0, role: "application", "aria-label": t("map label") });
    this.note = el("p", { cls: "note" });
    this.list = el("ol");
    const legend = LEGEND.map((lang) => el("span", { cls: `key ${lang}` }, el("i", { "aria-hidden": "true" }), el("span", { lang }, NAMES[lang])));
    const query = el("span", { cls: "key query" }, el("i", { "aria-hidden": "true" }), t("map query"));
    this.zoom = el("button", { type: "button", cls: "quiet small", on: { click: () => this.turn(!this.near) } }, t("map near"));
    this.heard = el("p", { cls: "vh", "aria-live": "polite" });
    this.box.setAttribute("aria-label", t("map"));
    this.box.replaceChildren(
      el("div", { cls: "canvas-box" }, this.canvas),
      el("div", { cls: "legend" }, legend, query, this.zoom),
      this.note,
      this.heard,
      el("div", { cls: "vh" }, el("h3", null, t("map text")), this.list),
    );
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.activate(-1));
    this.canvas.addEventListener("click", (event) => {
      this.point(event);
      this.enter();
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("blur", () => this.activate(-1));
  }

  // Texts in the reader's language, again.
  retell() {
    if (!this.canvas) return;
    this.build();
    this.tell();
    this.draw();
  }

  update(answer) {
    this.answer = answer;
    this.active = -1;
    if (this.box.hidden || !this.points) return;
    this.tell();
    this.draw();
  }

  // Shows what lies around the hits, or the whole archive.
  turn(near) {
    this.near = near;
    this.activate(-1);
    this.tell();
    this.draw();
  }

  forget() {
    this.points = null;
  }

  mark(passageId) {
    this.opened = passageId;
    this.draw();
  }

  tell() {
    const hits = this.answer?.hits ?? [];
    this.zoom.hidden = !hits.length;
    this.zoom.setAttribute("aria-pressed", String(this.near));
    this.list.replaceChildren(...hits.map((hit) => el("li", { lang: langOf(hit.lang) }, hit.title || hit.source)));
  }

  // Everything that can be pointed at, hits first, in pixels.
  places() {
    const hits = this.answer?.hits ?? [];
    const spots = this.answer?.map?.hits ?? [];
    const seen = new Set();
    const out = [];
    hits.forEach((hit, n) => {
      if (!spots[n]) return;
      seen.add(hit.id);
      out.push({ id: hit.id, lang: hit.lang, title: hit.title, spot: spots[n], hit });
    });
    for (const point of this.points ?? []) {
      if (!seen.has(point.id)) out.push({ id: point.id, lang: point.lang, title: point.title, spot: [point.x, point.y] });
    }
    return project(out, this.answer?.map?.query, this.canvas.clientWidth, this.canvas.clientHeight, this.near && seen.size > 0);
  }

  draw() {
    if (!this.canvas || this.box.hidden || !this.points || !this.canvas.clientWidth) return;
    this.shown = this.places();
    this.note.textContent = t("map note", { n: number(this.shown.items.length) });
    draw(this.canvas, this.shown, this.active, this.opened);
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = -1;
    let least = NEAR ** 2;
    this.shown?.items.forEach((item, n) => {
      const far = (item.x - x) ** 2 + (item.y - y) ** 2 - (item.hit ? 60 : 0);
      if (far < least) [best, least] = [n, far];
    });
    this.activate(best);
  }

  activate(n) {
    if (n === this.active || !this.shown) return;
    this.active = n;
    const item = this.shown.items[n];
    this.canvas.classList.toggle("pointing", Boolean(item));
    if (item) {
      const box = this.canvas.getBoundingClientRect();
      const at = { left: box.left + item.x - 8, width: 16, top: box.top + item.y - 8, bottom: box.top + item.y + 8 };
      showTip(item.title || item.id, at);
      this.heard.textContent = document.activeElement === this.canvas ? item.title : "";
    } else hideTip();
    draw(this.canvas, this.shown, this.active, this.opened);
  }

  key(event) {
    const items = this.shown?.items ?? [];
    const hits = this.answer?.map ? this.answer.map.hits.length : 0;
    const most = Math.min(hits || items.length, items.length);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step && most) {
      event.preventDefault();
      event.stopPropagation();
      this.activate((Math.max(this.active, step > 0 ? -1 : 0) + step + most) % most);
    } else if (event.key === "Enter") this.enter(true);
  }

  enter(byKeyboard = false) {
    const item = this.shown?.items[this.active];
    if (!item) return;
    hideTip();
    this.open(item.hit ?? { id: item.id }, { byKeyboard });
  }
}
