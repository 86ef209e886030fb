// Selecting cards, with Shift a range. The checkboxes belong to the form `bulk`, which works with or without this.
const bar = document.getElementById("bulk");
const compare = bar.querySelector("[data-compare]");
const jobs = bar.querySelector("[data-jobs]");
let anchor = null;

const boxes = () => [...document.querySelectorAll("#cards .card__select input")];
const selectedBoxes = () => boxes().filter((box) => box.checked);
const boxOf = (card) => card?.querySelector(".card__select input");
const isFinished = (box) => box.closest(".card").dataset.status === "completed";
const isManageable = (box) => !["completed", "canceled"].includes(box.closest(".card").dataset.status);

// Of a closed stack all takes are selected, as its only visible card stands for them. The bar says how many.
function withTakes(box) {
  const stack = box.closest(".stack:not(.stack--open)");
  return stack ? [...stack.querySelectorAll(".card__select input")] : [box];
}

function update() {
  const selected = selectedBoxes();
  bar.querySelector("[data-count]").textContent = selected.length;
  if (compare) compare.disabled = selected.length < 2 || selected.length > 4 || !selected.every(isFinished);
  if (jobs) jobs.disabled = !selected.some(isManageable);
  const all = bar.querySelector("[data-select-all]");
  all.hidden = selected.length > 0 && selected.length === boxes().length;
}

function select(box, { range = false, on = true } = {}) {
  const row = boxes();
  const from = range && anchor?.isConnected ? row.indexOf(anchor) : row.indexOf(box);
  const to = row.indexOf(box);
  for (const each of row.slice(Math.min(from, to), Math.max(from, to) + 1).flatMap(withTakes)) each.checked = on;
  anchor = box;
  update();
}

function clear() {
  for (const box of boxes()) box.checked = false;
  for (const menu of bar.querySelectorAll("details[open]")) menu.open = false;
  anchor = null;
  update();
  document.dispatchEvent(new CustomEvent("studio:selection-cleared"));
}

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.matches?.(".card__select input")) {
    select(target, { range: event.shiftKey, on: target.checked });
  } else if (event.shiftKey && target.closest?.("#cards .card") && !target.closest("form, button, label")) {
    event.preventDefault();
    select(boxOf(target.closest(".card")), { range: true });
  } else if (target.closest?.("[data-select-all]")) {
    for (const box of boxes()) box.checked = true;
    update();
  } else if (target.closest?.("[data-clear]")) {
    clear();
    document.getElementById("main").focus();
  }
});

// Single-key shortcuts are in shortcuts.js and can be turned off. Escape always works.
document.addEventListener("keydown", (event) => {
  const hasOpenPopup = document.querySelector("dialog[open], details.menu[open]");
  if (event.key === "Escape" && !hasOpenPopup && !event.defaultPrevented) clear();
});

document.addEventListener("studio:clear-selection", clear);

document.addEventListener("studio:trash", (event) => {
  const isNew = !selectedBoxes().length;
  if (isNew) select(boxOf(event.target));
  event.preventDefault();
  // Several takes go at once only after the bar has said how many they are.
  if (isNew && selectedBoxes().length > 1) return;
  bar.querySelector("[value='trash']")?.click();
});

// A card that is replaced stays selected.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const fresh = boxOf(event.detail.fragment);
  if (fresh && boxOf(event.detail.target)?.checked) fresh.checked = true;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful || !bar.contains(event.detail.elt)) return;
  for (const menu of bar.querySelectorAll("details[open]")) menu.open = false;
});
for (const event of ["htmx:afterSettle", "htmx:oobAfterSwap", "htmx:afterOnLoad"]) {
  document.addEventListener(event, update);
}
update();
