// Selecting cards: by their box, and with Shift a range. Boxes belong to the form `bulk`, which does
// the work with or without this.
const bar = document.getElementById("bulk");
const compare = bar.querySelector("[data-compare]");
let anchor = null;

const boxes = () => [...document.querySelectorAll("#cards .pick input")];
const chosen = () => boxes().filter((box) => box.checked);
const boxOf = (card) => card?.querySelector(".pick input");
const finished = (box) => box.closest(".card").dataset.status === "completed";

function update() {
  const selected = chosen();
  bar.querySelector("[data-count]").textContent = selected.length;
  if (compare) compare.disabled = selected.length < 2 || selected.length > 4 || !selected.every(finished);
  const all = bar.querySelector("[data-select-all]");
  all.hidden = selected.length > 0 && selected.length === boxes().length;
}

function select(box, { range = false, on = true } = {}) {
  const row = boxes();
  const from = range && anchor?.isConnected ? row.indexOf(anchor) : row.indexOf(box);
  const to = row.indexOf(box);
  for (const each of row.slice(Math.min(from, to), Math.max(from, to) + 1)) each.checked = on;
  anchor = box;
  update();
}

function clear() {
  for (const box of boxes()) box.checked = false;
  for (const menu of bar.querySelectorAll("details[open]")) menu.open = false;
  anchor = null;
  update();
}

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.matches?.(".pick input")) {
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

// The keys themselves are in keys.js, where they can be turned off; Escape is nobody's single key.
document.addEventListener("keydown", (event) => {
  const busy = document.querySelector("dialog[open], details.menu[open]");
  if (event.key === "Escape" && !busy && !event.defaultPrevented) clear();
});

document.addEventListener("studio:trash", (event) => {
  if (!chosen().length) select(boxOf(event.target));
  bar.querySelector("[value='trash']")?.click();
  event.preventDefault();
});

// A card that is drawn again keeps its box as it was.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const fresh = boxOf(event.detail.fragment);
  if (fresh && boxOf(event.detail.target)?.checked) fresh.checked = true;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful || !bar.contains(event.detail.elt)) return;
  for (const menu of bar.querySelectorAll("details[open]")) menu.open = false;
});
for (const news of ["htmx:afterSettle", "htmx:oobAfterSwap", "htmx:afterOnLoad"]) document.addEventListener(news, update);
update();
