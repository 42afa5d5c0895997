function bars(rows, nothing) {
  if (!rows.length) return [h("p", "muted", nothing)];
  return rows.map((row) => {
    const line = h("div", "line");
    const name = h("span", "name", row.name);
    name.dir = "auto";
    const track = h("span", "track"), fillBar = h("span", "fillbar");
    fillBar.style.width = Math.max(2, Math.min(100, row.share * 100)) + "%";
    track.append(fillBar);
    line.append(name, track, h("span", "num", row.text));
    return line;
  });
}
export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".desk");
  if (!root) { root = h("article", "desk digest"); parentElement.append(root); }
  const mark = JSON.stringify(data);
  if (root.__mark === mark) return;
  root.__mark = mark;
  const figures = h("div", "figures");
  for (const one of data.figures) {
    const box = h("div", "figure");
    box.append(h("div", "label muted", one.label), h("div", "value", one.value));
    box.append(h("div", "was muted", one.was === null ? "" : fill(data.before, { value: one.was })));
    figures.append(box);
  }
  const lists = h("div", "lists");
  for (const one of data.lists) {
    const part = h("section");
    part.append(h("h3", null, one.title), ...bars(one.rows, data.nothing));
    lists.append(part);
  }
  const oldest = h("section", "oldest");
  oldest.append(h("h3", null, data.oldest.title));
  for (const row of data.oldest.rows) {
    const line = h("div", "line");
    const name = h("span", "name", row.name);
    name.dir = "auto";
    line.append(h("span", "id", row.id), name, h("span", "num", row.text));
    oldest.append(line);
  }
  if (!data.oldest.rows.length) oldest.append(h("p", "muted", data.nothing));
  root.replaceChildren(h("h2", null, data.title), figures, lists, oldest, h("p", "muted note", data.note));
}
