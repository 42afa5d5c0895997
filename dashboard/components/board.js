function build(row, words) {
  const node = h("div", "row");
  node.setAttribute("role", "row");
  node.dataset.id = row.id;
  const cells = {};
  for (const name of ["prio", "main", "state", "cat", "by", "owner", "next", "due_cell", "age"]) {
    cells[name] = h("div", "cell " + name);
    cells[name].setAttribute("role", "cell");
    node.append(cells[name]);
  }
  cells.link = h("a", "title");
  cells.sub = h("div", "sub");
  cells.main.append(cells.link, cells.sub);
  cells.due = h("span", "due");
  cells.due_cell.append(cells.due);
  node.__cells = cells;
  return node;
}
function paintRow(node, row, words) {
  const mark = JSON.stringify(row);
  if (node.__mark === mark) return;
  node.__mark = mark;
  node.__row = row;
  const c = node.__cells;
  const prio = h("span", "prio " + row.priority);
  prio.title = words.priority[row.priority];
  prio.append(icon(row.priority), h("span", "sr", words.priority[row.priority]));
  c.prio.replaceChildren(prio);
  c.link.textContent = row.title;
  c.link.href = new URL("ticket?id=" + encodeURIComponent(row.id), document.baseURI).href;
  c.link.title = row.title;
  c.sub.replaceChildren(h("span", "id", row.id), h("span", "dot", row.who), h("span", "dot", row.group));
  const state = h("span", "state " + row.state);
  state.append(icon(row.state), h("span", null, words.state[row.state]));
  c.state.replaceChildren(state);
  c.cat.replaceChildren(h("span", "tag", row.category));
  c.by.replaceChildren(h("span", "muted", row.by));
  c.by.title = row.by;
  if (row.assignee) {
    const avatar = h("span", "avatar", initials(row.assignee));
    avatar.setAttribute("aria-hidden", "true");
    c.owner.replaceChildren(avatar, h("span", "name", row.assignee));
  } else c.owner.replaceChildren(h("span", "muted", words.unassigned));
}
function paintTimes(root, words, offset) {
  const now = Date.now() + offset;
  for (const node of root.querySelectorAll(".row")) {
    const row = node.__row, c = node.__cells;
    if (!row) continue;
    paintDue(c.due, row, words, offset);
    c.age.textContent = span(now - Date.parse(row.opened_at));
    const next = row.next_at ? fill(words.step_in, { step: row.next_step, span: Date.parse(row.next_at) > now ? span(Date.parse(row.next_at) - now) : words.now }) : "";
    if (c.next.dataset.mark !== next) {
      c.next.dataset.mark = next;
      c.next.replaceChildren(...(next ? [icon("bell"), h("span", null, next)] : []));
    }
  }
}
function place(box, nodes) {
  nodes.forEach((node, index) => { if (box.children[index] !== node) box.insertBefore(node, box.children[index] || null); });
  while (box.children.length > nodes.length) box.lastChild.remove();
}
export default function ({ data, parentElement, setStateValue }) {
  let root = parentElement.querySelector(".desk");
  if (!root) {
    root = h("div", "desk board");
    parentElement.append(root);
    root.__rows = new Map();
    root.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      const more = event.target.closest(".more");
      if (more) { root.__send("limit", root.__limit + 100); return; }
      if (row) follow(event, row.querySelector("a.title"));
    });
    root.addEventListener("keydown", (event) => {
      const links = [...root.querySelectorAll("a.title")];
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      if (!step || event.metaKey || event.ctrlKey || event.altKey) return;
      event.preventDefault();
      const at = links.indexOf(root.getRootNode().activeElement);
      (links[at + step] || links[at < 0 ? 0 : at])?.focus();
    });
  }
  root.__send = setStateValue;
  root.__limit = data.limit;
  const words = data.words, offset = Date.parse(data.now) - Date.now();
  root.classList.toggle("lanes", data.mode === "columns");
  root.setAttribute("role", "table");
  root.setAttribute("aria-label", words.label);
  const first = root.__rows.size === 0;
  const known = new Map();
  let rows = data.rows;
  if (root.matches(":hover") && root.__order) {
    // Nothing moves under a pointer: what was there keeps its place, what is new comes after it.
    const held = new Map(root.__order.map((id, index) => [id, index]));
    rows = [...rows].sort((a, b) => (held.get(a.id) ?? 1e9) - (held.get(b.id) ?? 1e9));
  }
  root.__order = rows.map((row) => row.id);
  for (const row of rows) {
    let node = root.__rows.get(row.id);
    if (!node) { node = build(row, words); if (!first) node.classList.add("fresh"); }
    paintRow(node, row, words);
    known.set(row.id, node);
  }
  root.__rows = known;
  const more = data.total > rows.length ? [h("button", "more", fill(words.more, { shown: rows.length, total: data.total }))] : [];
  if (data.mode === "columns") {
    const lanes = words.lanes.map(([state, label]) => {
      const key = "lane-" + state;
      let lane = root.querySelector("#" + key);
      if (!lane) { lane = h("section", "lane"); lane.id = key; lane.append(h("h3"), h("div", "stack")); }
      const mine = rows.filter((row) => row.state === state).map((row) => known.get(row.id));
      const sign = h("span", "state " + state);
      sign.append(icon(state), h("span", null, label));
      lane.firstChild.replaceChildren(sign, h("span", "muted", String(mine.length)));
      place(lane.lastChild, mine);
      return lane;
    });
    place(root, lanes);
  } else {
    let head = root.querySelector(".head");
    if (!head) {
      head = h("div", "head");
      head.setAttribute("role", "row");
      for (const [name, label] of words.columns) {
        const cell = h("div", "cell " + name, label);
        cell.setAttribute("role", "columnheader");
        head.append(cell);
      }
    }
    place(root, rows.length ? [head, ...rows.map((row) => known.get(row.id)), ...more] : []);
  }
  return everySecond(root, () => paintTimes(root, words, offset));
}
