export default function ({ data, parentElement }) {
  let button = parentElement.querySelector("button.desk");
  if (!button) {
    button = h("button", "desk press");
    button.type = "button";
    button.addEventListener("click", () => window.print());
    parentElement.append(button);
  }
  if (button.textContent !== data.text) button.replaceChildren(icon("print"), h("span", null, data.text));
}
