// Templates with blanks: what is typed into a field appears in the sentence, and so in the prompt and its draft.
const blanks = () => document.querySelector("#composer .blanks");
const prompt = () => document.getElementById("id_prompt");

function show(field) {
  const value = field.value.trim() || `[${field.dataset.label}]`;
  for (const mark of blanks().querySelectorAll("[data-blank]")) {
    if (mark.dataset.blank === field.name) mark.textContent = value;
  }
  const parts = [...blanks().querySelectorAll(".blanks__sentence > *")];
  prompt().value = parts.map((part) => part.textContent).join("");
}

document.addEventListener(
  "input",
  (event) => {
    if (event.target.closest("#composer .blanks")) show(event.target);
  },
  true, // before the composer keeps the draft
);

// Bringing back what had been typed takes the template away again.
document.addEventListener("click", (event) => {
  if (!event.target.closest("#composer [data-undo]") || !blanks()) return;
  blanks().remove();
  prompt().hidden = document.querySelector("label[for='id_prompt']").hidden = false;
  prompt().focus();
});

let wanted = false;
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target.id !== "composer") return; // the poller asks at any time
  wanted = event.detail.elt.matches("[data-template]") || Boolean(blanks());
});

let focused = null; // when the new form came
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.elt.id === "composer") focused = document.activeElement;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "composer" || !wanted) return;
  wanted = false;
  // On a slow machine people have gone on to the next field by now.
  if (document.activeElement !== focused && blanks()?.contains(document.activeElement)) return;
  const first = blanks()?.querySelector("[aria-invalid='true']") ?? blanks()?.querySelector("input:not([type='hidden']), select");
  const next = first ?? prompt();
  next.focus();
  // Whoever was quicker than the page and is typing already must not lose it.
  if (first?.select && first.value === first.defaultValue) first.select();
});
