// The composer's block "More": counts what is set, and takes what was typed along to another model, whose block
// replaces this one. Responses replace the form, so this listens on the document.
import { gettext, interpolate } from "./texts.js";

const block = () => document.querySelector("#composer [data-parameters]");
const inputs = () => [...(block()?.querySelectorAll("input, select, textarea") ?? [])];

const typed = new Map();
let isOpen = false;

function update() {
  const details = block();
  if (!details) return;
  const count = inputs().filter((input) => input.value.trim()).length;
  const told = interpolate(gettext("%(count)s set"), { count }, true);
  details.querySelector("[data-parameters-count]").textContent = count ? told : "";
  details.querySelector("[data-reset-parameters]").hidden = count === 0;
}

function remember() {
  for (const input of inputs()) typed.set(input.name, input.value);
  isOpen = block()?.open ?? isOpen;
}

function restore() {
  const details = block();
  if (!details) return;
  for (const input of inputs()) {
    // A choice that this model does not have stays at its default.
    const before = input.value;
    if (!before && typed.has(input.name)) input.value = typed.get(input.name);
    if (input.value !== typed.get(input.name)) input.value = before;
  }
  details.open ||= isOpen;
  update();
}

document.addEventListener("input", (event) => {
  if (event.target.closest("#composer [data-parameters]")) update();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-reset-parameters]")) return;
  typed.clear();
  for (const input of inputs()) input.value = "";
  update();
  inputs()[0]?.focus();
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id === "model-settings") remember();
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.id === "model-settings") restore();
  else if (detail.elt.id === "composer") update();
});

update();
