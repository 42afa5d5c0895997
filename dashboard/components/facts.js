function value(fact, words, offset) {
  if (fact.kind === "due") {
    const chip = h("span", "due");
    paintDue(chip, fact.row, words, offset);
    chip.__row = fact.row;
    return chip;
  }
  if (fact.kind === "state" || fact.kind === "priority") {
    const node = h("span", "state " + fact.code);
    node.append(icon(fact.code), h("span", null, fact.text));
    return node;
  }
  if (fact.kind === "person" && fact.text) {
    const node = h("span", "state");
    const avatar = h("span", "avatar", initials(fact.text));
    avatar.setAttribute("aria-hidden", "true");
    node.append(avatar, h("span", null, fact.text));
    return node;
  }
  if (fact.kind === "time") {
    const node = h("time", null, moment(fact.text));
    node.dateTime = fact.text;
    node.title = new Date(fact.text).toString();
    return node;
  }
  const node = h("span", fact.kind === "quiet" ? "muted" : null, fact.text);
  node.dir = "auto";
  return node;
}
export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".desk");
  if (!root) { root = h("dl", "desk facts"); parentElement.append(root); }
  const offset = Date.parse(data.now) - Date.now();
  const mark = JSON.stringify(data.facts);
  if (root.__mark !== mark) {
    root.__mark = mark;
    root.replaceChildren(...data.facts.flatMap((fact) => {
      const term = h("dt", null, fact.label), detail = h("dd");
      detail.append(value(fact, data.words, offset));
      if (fact.extra) detail.append(h("div", "extra muted", fact.extra));
      return [term, detail];
    }));
  }
  return everySecond(root, () => {
    for (const chip of root.querySelectorAll(".due")) paintDue(chip, chip.__row, data.words, offset);
  });
}
