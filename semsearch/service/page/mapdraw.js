// How the map looks: a shape and a colour for each language, the query in the middle of its hits.

export const LEGEND = ["ko", "en", "ja"];

const MARGIN = 18;
const TURN = Math.PI * 2;

// Places in the unit square, as pixels; what lies at the edge stays inside. `near`: only what lies around the hits.
export function project(items, query, width, height, near) {
  const wanted = near ? items.filter((item) => item.hit) : items;
  const margin = near ? 3 * MARGIN : MARGIN;
  const all = [...wanted.map((item) => item.spot), ...(query ? [query] : [])];
  const span = [0, 1].map((axis) => {
    const values = all.map((spot) => spot[axis]);
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    return [low, Math.max(high - low, 1e-6)];
  });
  const place = ([x, y]) => ({
    x: margin + ((x - span[0][0]) / span[0][1]) * (width - 2 * margin),
    y: height - margin - ((y - span[1][0]) / span[1][1]) * (height - 2 * margin),
  });
  const inside = ({ x, y }) => x >= 0 && x <= width && y >= 0 && y <= height;
  const placed = items.map((item) => ({ ...item, ...place(item.spot) }));
  return { items: placed.filter(inside), query: query ? place(query) : null };
}

function path(pen, lang, x, y, size) {
  pen.beginPath();
  if (lang === "en") pen.rect(x - size * 0.88, y - size * 0.88, size * 1.76, size * 1.76);
  else if (lang === "ja") {
    pen.moveTo(x, y - size * 1.15);
    pen.lineTo(x + size * 1.1, y + size * 0.8);
    pen.lineTo(x - size * 1.1, y + size * 0.8);
    pen.closePath();
  } else pen.arc(x, y, size, 0, TURN);
}

function star(pen, { x, y }, size) {
  pen.beginPath();
  for (let n = 0; n < 8; n += 1) {
    const radius = n % 2 ? size * 0.42 : size;
    pen.lineTo(x + radius * Math.sin((n * TURN) / 8), y - radius * Math.cos((n * TURN) / 8));
  }
  pen.closePath();
}

export function draw(canvas, { items, query }, active, opened) {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(`--map-${name}`).trim();
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const hits = items.filter((item) => item.hit);
  const fill = (item) => colour(LEGEND.includes(item.lang) ? item.lang : "und");

  pen.globalAlpha = hits.length ? 0.3 : 0.6;
  for (const item of items) {
    if (item.hit) continue;
    path(pen, item.lang, item.x, item.y, 2.4);
    pen.fillStyle = fill(item);
    pen.fill();
  }
  if (query) {
    pen.strokeStyle = colour("accent");
    pen.lineWidth = 1;
    for (const item of hits) {
      pen.globalAlpha = 0.32;
      pen.beginPath();
      pen.moveTo(query.x, query.y);
      pen.lineTo(item.x, item.y);
      pen.stroke();
    }
  }
  pen.globalAlpha = 1;
  pen.lineWidth = 1.5;
  for (const item of [...hits].reverse()) {
    path(pen, item.lang, item.x, item.y, item.hit.rank <= 3 ? 7 : 5);
    pen.fillStyle = fill(item);
    pen.fill();
    pen.strokeStyle = colour("paper");
    pen.stroke();
  }
  if (query) {
    star(pen, query, 11);
    pen.fillStyle = colour("accent");
    pen.fill();
    pen.strokeStyle = colour("paper");
    pen.stroke();
  }
  for (const item of items.filter((one, n) => n === active || one.id === opened)) {
    pen.beginPath();
    pen.arc(item.x, item.y, 11, 0, TURN);
    pen.lineWidth = 2;
    pen.strokeStyle = colour("ink");
    pen.stroke();
  }
}
