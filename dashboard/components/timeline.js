export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".desk");
  if (!root) {
    root = h("ol", "desk timeline");
    parentElement.append(root);
    root.addEventListener("click", (event) => follow(event, event.target.closest("a")));
  }
  root.setAttribute("aria-label", data.words.label);
  const mark = JSON.stringify(data.events);
  if (root.__mark === mark) return;
  root.__mark = mark;
  root.replaceChildren(...data.events.map((one) => {
    const node = h("li", one.tone);
    const time = h("time", "muted", moment(one.at));
    time.dateTime = one.at;
    time.title = new Date(one.at).toString();
    const what = h("div");
    what.append(h("span", "what", one.what), ...(one.ticket ? [h("a", "id", one.ticket)] : []), ...(one.who ? [h("span", "who muted", one.who)] : []));
    if (one.ticket) what.querySelector("a").href = new URL("ticket?id=" + encodeURIComponent(one.ticket), document.baseURI).href;
    if (one.why) what.append(h("div", "why muted", one.why));
    node.append(time, what);
    return node;
  }));
}
