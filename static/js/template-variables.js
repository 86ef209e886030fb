// Template variables: what is typed into a field appears in the preview, and so in the prompt and its draft.
const variables = () => document.querySelector("#composer .variables");
const prompt = () => document.getElementById("id_prompt");

function updatePreview(field) {
  const value = field.value.trim() || `[${field.dataset.label}]`;
  for (const mark of variables().querySelectorAll("[data-variable]")) {
    if (mark.dataset.variable === field.name) mark.textContent = value;
  }
  const parts = [...variables().querySelectorAll(".variables__preview > *")];
  prompt().value = parts.map((part) => part.textContent).join("");
}

document.addEventListener(
  "input",
  (event) => {
    if (event.target.closest("#composer .variables")) updatePreview(event.target);
  },
  true, // before the composer saves the draft
);

// Restoring the draft removes the template.
document.addEventListener("click", (event) => {
  if (!event.target.closest("#composer [data-restore-draft]") || !variables()) return;
  variables().remove();
  prompt().hidden = document.querySelector("label[for='id_prompt']").hidden = false;
  prompt().focus();
});

let movesFocus = false; // whether the request in flight is for a template
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target.id !== "composer") return; // the poller may send a request at any time
  movesFocus = event.detail.elt.matches("[data-template]") || Boolean(variables());
});

let focusedBefore = null; // what had the focus when the new form arrived
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.elt.id === "composer") focusedBefore = document.activeElement;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "composer" || !movesFocus) return;
  movesFocus = false;
  // On a slow machine people may have moved on to the next field by now.
  if (document.activeElement !== focusedBefore && variables()?.contains(document.activeElement)) return;
  const invalid = variables()?.querySelector("[aria-invalid='true']");
  const first = invalid ?? variables()?.querySelector("input:not([type='hidden']), select");
  const next = first ?? prompt();
  next.focus();
  // Selecting would overwrite what somebody has already started to type.
  if (first?.select && first.value === first.defaultValue) first.select();
});
