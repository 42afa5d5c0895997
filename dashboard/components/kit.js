// Shared by all our components. Text enters the page through textContent only: nothing a customer writes is ever markup.
const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  new: ["o8 8 5.5 d"],
  waiting_us: ["o8 8 5.5", "M8 4.6V8l2.3 1.6"],
  waiting_customer: ["M2.8 3.5h10.4v7H7l-2.8 2.4v-2.4H2.8z"],
  on_hold: ["o8 8 5.5", "M6.6 5.9v4.2M9.4 5.9v4.2"],
  resolved: ["o8 8 5.5", "M5.5 8.2l1.8 1.8 3.3-3.6"],
  closed: ["o8 8 5.5", "M6 6l4 4M10 6l-4 4"],
  low: ["M3 12.5v-2.2", "M8 12.5v-2.2", "M13 12.5v-2.2"],
  normal: ["M3 12.5v-3", "M8 12.5V7", "M13 12.5v-2.2"],
  high: ["M3 12.5v-3", "M8 12.5V7", "M13 12.5V3.8"],
  urgent: ["M8 2.6l6 10.6H2z", "M8 6.6v3", "M8 11.3v.2"],
  bell: ["M4 11.2V7.4a4 4 0 018 0v3.8l1 1.2H3z", "M6.8 14h2.4"],
  snooze: ["o8 8.6 5", "M8 5.8v2.8l1.8 1.2", "M2.6 4.2l2-1.7", "M13.4 4.2l-2-1.7"],
  late: ["M8 2.6l6 10.6H2z", "M8 6.6v3", "M8 11.3v.2"],
  soon: ["o8 8 5.5", "M8 4.6V8l2.3 1.6"],
  image: ["M2.5 3.5h11v9h-11z", "M2.8 11l3.2-3.4 2.4 2.4 1.6-1.6 3 2.8"],
  file: ["M4 2.5h5l3 3v8H4z", "M9 2.5v3h3"],
  audio: ["M6.2 3.2a1.8 1.8 0 013.6 0v4.2a1.8 1.8 0 01-3.6 0z", "M3.8 7.6a4.2 4.2 0 008.4 0M8 11.8V14"],
  quote: ["M6.2 4L3 7.2l3.2 3.2", "M3 7.2h6a4 4 0 014 4v1"],
  person: ["o8 5.4 2.6", "M3 13.4c.5-2.8 2.4-4.2 5-4.2s4.5 1.4 5 4.2"],
  note: ["M3 3h10v7l-3 3H3z", "M13 10h-3v3"],
  split: ["M8 13.500V9L4 5V2.8", "M8 9l4-4V2.8"],
  dot: ["o8 8 2.6 f"],
  wait: ["o8 8 5.5 d"],
  print: ["M4.500 6V2.500h7V6", "M4.500 11.500h-2v-5.500h11v5.500h-2", "M4.500 9.500h7v4h-7z"],
  yes: ["M3.5 8.4l3 3 6-6.6"],
  no: ["M4.5 4.5l7 7M11.500 4.5l-7 7"],
};
function h(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}
function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon i-" + name);
  for (const shape of ICONS[name] || ICONS.dot) {
    const round = shape[0] === "o";
    const node = document.createElementNS(SVG, round ? "circle" : "path");
    if (round) {
      const [x, y, r, how] = shape.slice(1).split(" ");
      node.setAttribute("cx", x);
      node.setAttribute("cy", y);
      node.setAttribute("r", r);
      if (how === "d") node.setAttribute("stroke-dasharray", "2.4 1.9");
      if (how === "f") node.setAttribute("class", "full");
    } else node.setAttribute("d", shape);
    svg.append(node);
  }
  return svg;
}
// How long, in the two largest units: 45s, 12m, 2h 05m, 3d 4h.
function span(ms) {
  const s = Math.max(0, Math.floor(Math.abs(ms) / 1000));
  if (s < 60) return s + "s";
  const m = Math.floor(s / 60);
  if (m < 60) return m + "m";
  const hours = Math.floor(m / 60);
  if (hours < 24) return hours + "h " + String(m % 60).padStart(2, "0") + "m";
  return Math.floor(hours / 24) + "d " + (hours % 24) + "h";
}
function clock(iso) {
  return new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}
function moment(iso) {
  const at = new Date(iso), today = new Date().toDateString() === at.toDateString();
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  return today ? time : at.toLocaleDateString([], { day: "numeric", month: "short" }) + ", " + time;
}
function fill(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
function initials(name) {
  const words = name.trim().split(/\s+/);
  return ((words[0] || "?")[0] + (words.length > 1 ? words[words.length - 1][0] : "")).toUpperCase();
}
// The chip of a deadline: late, soon (15 minutes) or merely due; `offset` is how far this clock is from the server's.
function paintDue(node, row, words, offset) {
  const now = Date.now() + offset;
  const left = row.due_at ? Date.parse(row.due_at) - now : null;
  let kind = "none", text = words.no_deadline, sign = null;
  if (!row.is_open) { kind = "done"; text = words.done; sign = "resolved"; }
  else if (row.snoozed_until && Date.parse(row.snoozed_until) > now) {
    kind = "snoozed"; text = fill(words.snoozed, { time: moment(row.snoozed_until) }); sign = "snooze";
  } else if (left !== null && left <= 0) { kind = "late"; text = fill(words.late_by, { span: span(left) }); sign = "late"; }
  else if (row.is_breached) { kind = "late"; text = left === null ? words.late : fill(words.late_due, { span: span(left) }); sign = "late"; }
  else if (left !== null) {
    kind = left < 900000 ? "soon" : "due"; text = fill(words.due_in, { span: span(left) }); sign = "soon";
  }
  const mark = kind + "|" + text;
  if (node.dataset.mark === mark) return;
  node.dataset.mark = mark;
  node.className = "due " + kind;
  node.replaceChildren(...(sign ? [icon(sign)] : []), h("span", null, text));
  if (row.due_kind) node.title = words[row.due_kind] || "";
}
function everySecond(host, paint) {
  if (host.__tick) clearInterval(host.__tick);
  host.__tick = setInterval(paint, 1000);
  paint();
  return () => clearInterval(host.__tick);
}
// Go to another page as the browser's own back button does: Streamlit stops the timers of the old page first. A switch on the
// server can meet a refresh of the old page that is already on its way, which breaks the new one.
function follow(event, link) {
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button) return false;
  event.preventDefault();
  event.stopPropagation();
  history.pushState(null, "", link.href);
  dispatchEvent(new PopStateEvent("popstate"));
  return true;
}
