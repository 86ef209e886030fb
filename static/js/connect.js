// Search among the models that a service offers. The list comes with a response, so this listens on the document.
import { gettext, interpolate } from "./texts.js";

function filterModels(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const models = [...document.querySelectorAll("#model-list .model")];
  for (const model of models) model.hidden = !words.every((word) => model.dataset.search.includes(word));
  const count = { shown: models.filter((model) => !model.hidden).length, all: models.length };
  const told = interpolate(gettext("%(shown)s of %(all)s shown"), count, true);
  document.querySelector("[data-model-count]").textContent = words.length ? told : "";
}

function showSearch() {
  const field = document.querySelector("[data-model-search]");
  if (field) field.hidden = false;
}

document.addEventListener("input", (event) => {
  if (event.target.id === "model-search") filterModels(event.target);
});
// Enter searches; it must not save what is ticked so far.
document.addEventListener("keydown", (event) => {
  if (event.target.id === "model-search" && event.key === "Enter") event.preventDefault();
});
document.addEventListener("htmx:afterSettle", showSearch);
showSearch();
