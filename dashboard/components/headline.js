export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".desk");
  if (!root) {
    root = h("div", "desk headline");
    root.append(h("div", "crumbs"), h("h1"));
    parentElement.append(root);
    root.addEventListener("click", (event) => {
      follow(event, event.target.closest("a"));
    });
  }
  const [crumbs, title] = root.children;
  const back = h("a", "back", data.back);
  back.href = new URL("./", document.baseURI).href;
  const merged = data.merged ? h("a", "back", data.merged.text) : null;
  if (merged) merged.href = new URL("ticket?id=" + encodeURIComponent(data.merged.id), document.baseURI).href;
  crumbs.replaceChildren(back, h("span", "id", data.id), ...(merged ? [merged] : []));
  title.textContent = data.title;
  title.dir = "auto";
  document.title = data.id + " · Groupdesk";
}
