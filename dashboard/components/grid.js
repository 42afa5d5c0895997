// A quiet table. A column has a name, a label and a kind: text, wrap, id, time, until, number, bar, chip ({text, tone}),
// checks (a list of {holds, asked, found}), or buttons (a list of {text, press}): pressing one tells the page what stands in `press`.
function paintCell(cell, kind, value, offset) {
  if (value === null || value === undefined || value === "") { cell.classList.add("absent"); cell.replaceChildren(h("span", "muted", "–")); return; }
  if (kind === "chip") {
    const chip = h("span", "chip " + value.tone);
    chip.append(icon(value.tone === "bad" ? "late" : value.tone === "good" ? "resolved" : value.tone === "warn" ? "wait" : "dot"), h("span", null, value.text));
    cell.replaceChildren(chip);
  } else if (kind === "id") {
    const link = h("a", "id", value);
    link.href = new URL("ticket?id=" + encodeURIComponent(value), document.baseURI).href;
    cell.replaceChildren(link);
  } else if (kind === "bar") {
    const track = h("span", "track"), fillBar = h("span", "fillbar");
    fillBar.style.width = Math.max(0, Math.min(100, value.share * 100)) + "%";
    track.append(fillBar);
    cell.replaceChildren(track, h("span", "num", value.text));
  } else if (kind === "buttons") {
    cell.replaceChildren(...value.map((one) => {
      const button = h("button", "press", one.text);
      button.type = "button";
      button.dataset.press = one.press;
      return button;
    }));
  } else if (kind === "checks") {
    cell.replaceChildren(...value.map((one) => {
      const line = h("div", "check " + (one.holds ? "holds" : "fails"));
      const sign = h("span", "sign");
      sign.append(icon(one.holds ? "yes" : "no"), h("span", "sr", one.holds ? "✓" : "✗"));
      line.append(sign, h("span", null, one.asked), ...(one.found ? [h("b", null, one.found)] : []));
      return line;
    }));
  } else if (kind === "time" || kind === "until") {
    const time = h("time", null, "");
    time.dateTime = value;
    time.dataset.kind = kind;
    time.title = new Date(value).toString();
    cell.replaceChildren(time);
  } else {
    const text = h("span", null, String(value));
    text.dir = "auto";
    cell.replaceChildren(text);
    cell.title = String(value);
  }
}
export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".desk");
  if (!root) {
    root = h("div", "desk grid");
    root.setAttribute("role", "table");
    parentElement.append(root);
    root.addEventListener("click", (event) => {
      const press = event.target.closest(".press");
      if (press) { root.__send("press", press.dataset.press); return; }
      const row = event.target.closest(".row");
      if (row) follow(event, event.target.closest("a") || (root.__opens && row.querySelector("a.id")));
    });
  }
  root.__send = setTriggerValue;
  root.__opens = data.opens;
  root.setAttribute("aria-label", data.label);
  root.classList.toggle("pair", data.columns.length === 2);
  root.classList.toggle("wide", data.columns.length > 4);
  const offset = data.now ? Date.parse(data.now) - Date.now() : 0;
  const mark = JSON.stringify([data.columns, data.rows, data.opens]);
  if (root.__mark !== mark) {
    root.__mark = mark;
    root.style.setProperty("--cols", data.columns.map((one) => one.width || "minmax(90px, 1fr)").join(" "));
    const head = h("div", "head");
    head.setAttribute("role", "row");
    for (const column of data.columns) {
      const cell = h("div", "cell k-" + column.kind, column.label);
      cell.setAttribute("role", "columnheader");
      head.append(cell);
    }
    root.replaceChildren(head, ...data.rows.map((row) => {
      const node = h("div", "row" + (data.opens ? " opens" : ""));
      node.setAttribute("role", "row");
      for (const column of data.columns) {
        const cell = h("div", "cell k-" + column.kind);
        cell.setAttribute("role", "cell");
        cell.dataset.label = column.label;
        if (column.wide) cell.classList.add("only-wide");
        paintCell(cell, column.kind, row[column.name], offset);
        node.append(cell);
      }
      return node;
    }));
  }
  return everySecond(root, () => {
    const now = Date.now() + offset;
    for (const time of root.querySelectorAll("time")) {
      const at = Date.parse(time.dateTime);
      const text = time.dataset.kind === "until" ? (at > now ? fill(data.words.in, { span: span(at - now) }) : fill(data.words.ago, { span: span(now - at) })) : moment(time.dateTime);
      if (time.textContent !== text) time.textContent = text;
    }
  });
}
