export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".desk");
  if (!root) {
    root = h("div", "desk strip");
    root.append(h("div", "figures"), h("div", "fresh"));
    parentElement.append(root);
    root.addEventListener("click", (event) => {
      follow(event, event.target.closest("a.figure"));
    });
  }
  const words = data.words, offset = Date.parse(data.now) - Date.now();
  const [figures, fresh] = root.children;
  const mark = JSON.stringify([data.figures, words]);
  if (root.__mark !== mark) {
    root.__mark = mark;
    figures.replaceChildren(...data.figures.map((one) => {
      const link = h("a", "figure " + one.kind + (one.value ? "" : " zero"));
      link.href = new URL("./?view=" + one.view, document.baseURI).href;
      link.append(...(one.sign ? [icon(one.sign)] : []), h("b", null, String(one.value)), h("span", null, one.label));
      return link;
    }));
  }
  const paint = () => {
    const age = data.as_of ? Date.now() + offset - Date.parse(data.as_of) : null;
    const level = data.error || age === null || age > 30000 ? "bad" : age > 10000 ? "old" : "good";
    const text = age === null ? words.never : level === "good" ? fill(words.as_of, { time: clock(data.as_of) }) : fill(words.stale, { time: clock(data.as_of), span: span(age) });
    const parts = [h("span", "worker " + data.worker.level), h("span", "asof " + level, text)];
    parts[0].append(icon(data.worker.level === "ok" ? "resolved" : data.worker.level === "degraded" ? "wait" : "late"), h("span", null, data.worker.text));
    parts[0].title = data.worker.detail;
    parts.push(h("span", "lag muted", fill(words.lag, { lag: data.lag })));
    const now = parts.map((part) => part.className + part.textContent).join("|");
    if (root.__fresh !== now) { root.__fresh = now; fresh.replaceChildren(...parts); }
  };
  return everySecond(root, paint);
}
