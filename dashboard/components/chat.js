function bubble(one, words, canSplit) {
  const node = h("li", "msg " + one.role);
  const head = h("div", "head");
  head.append(h("b", null, one.who));
  if (one.role !== "customer") head.append(h("span", "tag", words[one.role]));
  const time = h("time", "muted", moment(one.at));
  time.dateTime = one.at;
  head.append(time);
  const body = h("div", "body");
  if (one.quoted) { const quoted = h("div", "quoted muted", one.quoted); quoted.dir = "auto"; body.append(quoted); }
  if (one.form) { const form = h("div", "form muted"); form.append(icon(one.form_icon), h("span", null, one.form)); body.append(form); }
  if (one.text) { const text = h("div", "text", one.text); text.dir = "auto"; body.append(text); }
  else if (one.text === null) body.append(h("div", "text gone", words.redacted));
  const foot = h("div", "foot muted");
  if (one.why) foot.append(icon(one.why_icon), h("span", null, one.why));
  for (const given of one.reactions || []) {
    const pill = h("span", "given", given.emoji);
    pill.title = given.who;
    pill.append(h("span", "sr", given.who));
    foot.append(pill);
  }
  if (one.edited_at) foot.append(h("span", "dot", fill(words.edited, { time: moment(one.edited_at) })));
  if (canSplit && one.can_split) {
    const split = h("button", "split");
    split.dataset.message = one.id;
    split.append(icon("split"), h("span", null, words.split));
    foot.append(split);
  }
  node.append(head, body, ...(foot.children.length ? [foot] : []));
  return node;
}
export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".desk");
  if (!root) {
    root = h("ol", "desk chat");
    parentElement.append(root);
    root.addEventListener("click", (event) => {
      const split = event.target.closest(".split");
      if (split) root.__send("split", split.dataset.message);
    });
  }
  root.__send = setTriggerValue;
  // A talk that scrolls by itself stays at its end, unless somebody reads further up.
  root.classList.toggle("sticks", Boolean(data.sticks));
  if (data.sticks && root.__mark) root.__ended = root.scrollHeight - root.scrollTop - root.clientHeight < 40;
  root.setAttribute("aria-label", data.words.label);
  const mark = JSON.stringify([data.messages, data.can_split]);
  if (root.__mark !== mark) {
    const grown = root.__mark && data.messages.length > root.children.length;
    root.__mark = mark;
    root.replaceChildren(...data.messages.map((one) => bubble(one, data.words, data.can_split)));
    if (data.sticks) {
      const wasAtEnd = root.__ended === undefined || root.__ended;
      if (wasAtEnd) requestAnimationFrame(() => { root.scrollTop = root.scrollHeight; });
    } else if (grown) root.lastChild.scrollIntoView({ block: "nearest" });
  }
}
