// The dialog that chooses one of many models. Arrow keys move through the list. A choice goes to the field of the form
// that has one, or else is told to the composer by an event.
const dialog = document.getElementById("model-dialog");
const search = document.getElementById("model-search");
const rows = () => [...dialog.querySelectorAll(".model-row__choose")];

dialog.addEventListener("click", ({ target }) => {
  const row = target.closest("[data-choose]");
  if (!row) return;
  dialog.close(); // restores the focus, before the new part arrives
  const field = document.querySelector("[data-model-field]");
  if (field) field.value = row.dataset.choose;
  else document.dispatchEvent(new CustomEvent("studio:model-chosen", { detail: row.dataset.choose }));
});

for (const opener of document.querySelectorAll("[data-dialog='model-dialog']")) opener.hidden = false;

let isStale = false; // whether the list is still that of earlier words
search.addEventListener("input", () => (isStale = true));
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.elt.id === "model-list") isStale = false;
});

// From the search field down into the list, and back up; Enter in the field chooses the first model.
dialog.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const all = rows();
  if (key === "Enter" && target === search && all.length && !isStale) {
    event.preventDefault();
    all[0].click();
    return;
  }
  if (key !== "ArrowDown" && key !== "ArrowUp") return;
  const position = all.indexOf(target.closest(".model-row")?.querySelector(".model-row__choose"));
  if (position < 0 && target !== search) return;
  event.preventDefault();
  const next = all[position + (key === "ArrowDown" ? 1 : -1)];
  (next ?? (key === "ArrowUp" ? search : target)).focus();
});

dialog.addEventListener("close", () => dialog.querySelector("form").reset());
