// Buttons that copy a field or a text. Where the browser does not allow it, the text is selected instead.
import { gettext } from "./texts.js";

const textOf = (source) => source.value ?? source.textContent;

function select(source) {
  if (source.select) return source.select();
  const details = source.closest("details");
  if (details) details.open = true;
  return getSelection().selectAllChildren(source);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.querySelector("span") ?? button;
  try {
    await navigator.clipboard.writeText(textOf(source));
    label.textContent = document.getElementById("announcer").textContent = gettext("Copied");
  } catch {
    select(source);
    label.textContent = gettext("Press Ctrl+C");
  }
}

function showButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("focusin", ({ target }) => {
  if (target.id && document.querySelector(`[data-copy="${CSS.escape(target.id)}"]`)) target.select?.();
});
document.addEventListener("htmx:afterSettle", showButtons);
showButtons();
