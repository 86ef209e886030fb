// The queue asks for itself every few seconds: what is selected stays selected, and is counted.
import { gettext, interpolate } from "./texts.js";

const live = () => document.getElementById("queue-live");
const boxes = () => [...live().querySelectorAll("input[name='id']")];
let selected = new Set();

function update() {
  const all = live().querySelector(".queue__all");
  if (!all) return;
  const [count, checked] = [boxes().length, boxes().filter((box) => box.checked).length];
  all.hidden = count === 0;
  const box = all.querySelector("input");
  box.checked = count > 0 && checked === count;
  box.indeterminate = checked > 0 && checked < count;
  const words = checked ? interpolate(gettext("%(count)s selected"), { count: checked }, true) : "";
  const told = live().querySelector("[data-selected-count]");
  if (told.textContent !== words) told.textContent = words;
}

document.addEventListener("change", ({ target }) => {
  if (!live().contains(target)) return;
  if (target.matches("[data-select-page]")) for (const box of boxes()) box.checked = target.checked;
  update();
});

document.addEventListener("htmx:beforeSwap", () => {
  selected = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
});
document.addEventListener("htmx:afterSettle", () => {
  for (const box of boxes()) box.checked ||= selected.has(box.value);
  update();
});
update();
