export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".desk");
  if (!root) {
    root = h("div", "desk headline");
    root.append(h("div", "crumbs"), h("h1"));
    parentElement.append(root);
    root.addEventListener("click", (event) => {
      const back = event.target.closest("a.back");
      if (!back || event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      root.__send("back", true);
    });
  }
  root.__send = setTriggerValue;
  const [crumbs, title] = root.children;
  const back = h("a", "back", data.back);
  back.href = new URL("./", document.baseURI).href;
  crumbs.replaceChildren(back, h("span", "id", data.id));
  title.textContent = data.title;
  title.dir = "auto";
  document.title = data.id + " · Groupdesk";
}
