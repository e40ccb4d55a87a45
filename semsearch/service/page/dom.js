// Elements made from data. Text is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

function dress(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name === "cls" ? "class" : name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const el = (tag, props, ...children) => dress(document.createElement(tag), props, children);

export const svg = (tag, props, ...children) => dress(document.createElementNS(SVG, tag), props, children);

// The address if it may be opened from here: http(s) only, never javascript: or data:.
export function webAddress(value) {
  try {
    const url = new URL(value);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

// Says something to screen readers.
export function say(text) {
  $("said").textContent = "";
  requestAnimationFrame(() => ($("said").textContent = text));
}

export function store(area, name, value) {
  try {
    if (value === undefined) return window[area].getItem(name);
    if (value === null) window[area].removeItem(name);
    else window[area].setItem(name, value);
  } catch {
    // Storage may be forbidden.
  }
  return null;
}
