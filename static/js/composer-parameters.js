// The composer's block "More": shows what the chosen model takes, and counts what is set. Without this script all
// inputs are shown, each with the models that take it. Responses replace the form, so this listens on the document.
const block = () => document.querySelector("#composer [data-parameters]");
const inputOf = (field) => field.querySelector("input, select, textarea");

function update() {
  const details = block();
  if (!details) return;
  const model = document.querySelector("#composer input[name='model']:checked")?.value;
  const fields = [...details.querySelectorAll("[data-models]")];
  const typed = new Map();
  for (const field of fields) {
    if (!field.hasAttribute("data-unavailable") && inputOf(field).value) typed.set(inputOf(field).name, inputOf(field).value);
  }
  for (const field of fields) {
    const isTaken = field.dataset.models.split("|").includes(model);
    const input = inputOf(field);
    const appears = isTaken && field.hasAttribute("data-unavailable");
    field.toggleAttribute("data-unavailable", !isTaken);
    input.disabled = !isTaken;
    // Two models may declare one name differently: what was typed goes along with the choice of the model.
    if (appears && !input.value && typed.has(input.name)) input.value = typed.get(input.name);
  }
  updateCount(details);
}

function updateCount(details) {
  const inputs = [...details.querySelectorAll("[data-models]:not([data-unavailable])")].map(inputOf);
  const count = inputs.filter((input) => input.value.trim()).length;
  details.toggleAttribute("data-empty", inputs.length === 0);
  details.querySelector("[data-parameters-count]").textContent = count ? `${count} set` : "";
  details.querySelector("[data-reset-parameters]").hidden = count === 0;
}

document.addEventListener("input", (event) => {
  if (event.target.matches("#composer input[name='model']")) update();
  else if (event.target.closest("#composer [data-parameters]")) updateCount(block());
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-reset-parameters]")) return;
  const inputs = [...block().querySelectorAll("[data-models]")].map(inputOf);
  for (const input of inputs) input.value = "";
  updateCount(block());
  inputs.find((input) => !input.disabled)?.focus();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id === "composer") update();
});

update();
