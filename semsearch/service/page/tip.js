// One tooltip for everything with `data-tip`: on pointing, on focus, and on a tap.

import { $ } from "./dom.js";

const GAP = 8;

export function showTip(text, box) {
  const tip = $("tip");
  tip.textContent = text;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(Math.max(box.left + box.width / 2 - width / 2, GAP), innerWidth - width - GAP);
  const above = box.top - height - GAP;
  tip.style.left = `${Math.round(left)}px`;
  tip.style.top = `${Math.round(above > GAP ? above : box.bottom + GAP)}px`;
}

export function hideTip() {
  document.querySelector("[aria-describedby=tip]")?.removeAttribute("aria-describedby");
  $("tip").hidden = true;
}

export function beginTips() {
  const show = (event) => {
    const node = event.target.closest?.("[data-tip]");
    if (!node) return hideTip();
    const rects = [...node.getClientRects()];
    const under = rects.find((box) => event.clientY >= box.top && event.clientY <= box.bottom);
    if (event.type === "focusin") node.setAttribute("aria-describedby", "tip");
    showTip(node.dataset.tip, under ?? rects[0] ?? node.getBoundingClientRect());
  };
  document.addEventListener("pointerover", show);
  document.addEventListener("focusin", show);
  document.addEventListener("focusout", hideTip);
  document.addEventListener("scroll", hideTip, { passive: true, capture: true });
}
