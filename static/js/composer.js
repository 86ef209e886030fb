// The form: keeps the draft, offers only what the model takes and says what it costs. Its image is in reference.js.
// It is replaced by the server's answers, so everything listens on the document.
const form = () => document.getElementById("composer");
const prompt = () => document.getElementById("id_prompt");
const chosen = (name) => form().querySelector(`input[name='${name}']:checked`)?.value;
const NEAR = 0.9; // of the limit: from here on the characters are counted

// --- What the model takes ---------------------------------------------------------------------------------
function offer() {
  const model = chosen("model");
  for (const name of ["seconds", "size"]) {
    const inputs = [...form().querySelectorAll(`input[name='${name}']`)];
    for (const input of inputs) {
      input.disabled = Boolean(model) && !input.dataset.models.split("|").includes(model);
      input.closest("label").hidden = input.disabled;
    }
    const checked = inputs.find((input) => input.checked);
    if (checked?.disabled) {
      const first = inputs.find((input) => !input.disabled);
      if (first) first.checked = true;
    }
  }
  offerCharacters(model);
}

function offerCharacters(model) {
  const cast = form().querySelector(".choice--cast");
  if (!cast) return;
  const inputs = [...cast.querySelectorAll("input")];
  const known = inputs.filter((input) => !model || input.dataset.models.split("|").includes(model));
  const full = known.filter((input) => input.checked).length >= Number(cast.dataset.limit);
  for (const input of inputs) {
    const label = input.closest("label");
    label.hidden = !known.includes(input);
    input.disabled = label.hidden || (full && !input.checked);
  }
  cast.hidden = !known.length && !cast.querySelector(".error");
}

// --- What it costs ----------------------------------------------------------------------------------------
const DOLLARS = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 4 });

function cost() {
  const choice = form().querySelector("input[name='model']:checked");
  const rates = JSON.parse(choice?.dataset.rates ?? "{}");
  const rate = rates[chosen("size")] ?? rates["*"];
  const seconds = chosen("seconds");
  const known = rate !== undefined && seconds !== undefined;
  const takes = Number(chosen("takes") ?? 1);
  const price = form().querySelector("[data-price]");
  price.hidden = !known;
  price.textContent = known ? DOLLARS.format(takes * Number(rate) * Number(seconds)) : "";
  const each = form().querySelector("[data-price-of-each]");
  each.hidden = !known || takes === 1;
  each.textContent = each.hidden ? "" : `${takes} × ${DOLLARS.format(Number(rate) * Number(seconds))}`;
  form().querySelector("[data-price-note]").hidden = !known || !choice.hasAttribute("data-free");
}

// --- The prompt -------------------------------------------------------------------------------------------
function fit() {
  if (CSS.supports("field-sizing", "content")) return;
  prompt().style.blockSize = "auto";
  prompt().style.blockSize = `${prompt().scrollHeight}px`;
}

function count() {
  const limit = Number(prompt().dataset.limit);
  const length = [...prompt().value].length;
  const note = document.getElementById("prompt-count");
  note.hidden = length < limit * NEAR;
  note.classList.toggle("composer__count--over", length > limit);
  note.textContent = note.hidden ? "" : `${length.toLocaleString("en")} of ${limit.toLocaleString("en")} characters`;
}

// --- The draft --------------------------------------------------------------------------------------------
const KEPT = ["model", "seconds", "size", "takes"];
const key = () => `contentgen.draft.${form().dataset.owner}`;

function keep() {
  const values = Object.fromEntries(KEPT.map((name) => [name, chosen(name)]));
  values.prompt = prompt().value;
  try {
    localStorage.setItem(key(), JSON.stringify(values));
  } catch {
    // Forbidden or full: the draft lives as long as the page.
  }
}

function draft() {
  try {
    return JSON.parse(localStorage.getItem(key()));
  } catch {
    return null;
  }
}

function restore() {
  const kept = draft();
  if (!kept) return;
  prompt().value = kept.prompt ?? "";
  for (const name of KEPT) {
    const input = [...form().querySelectorAll(`input[name='${name}']`)].find((each) => each.value === kept[name]);
    if (input) input.checked = true;
  }
}

// A template, or a video to make another like, replaces what was typed; what was typed can be had back.
let typed = "";
let replaced = "";

function offerUndo() {
  const button = form().querySelector("[data-undo]");
  button.hidden = !replaced || replaced === prompt().value;
}

// --- Listening --------------------------------------------------------------------------------------------
function begin() {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const keys = form().querySelector(".composer__keys");
  keys.hidden = false;
  if (mac) keys.querySelector("[data-mod]").textContent = "⌘";
  offer();
  cost();
  fit();
  count();
}

document.addEventListener("input", (event) => {
  if (!event.target.closest("#composer")) return;
  if (["model", "characters"].includes(event.target.name)) offer();
  if (["model", "seconds", "size", "takes"].includes(event.target.name)) cost();
  if (event.target === prompt()) {
    typed = prompt().value;
    fit();
    count();
  }
  keep();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-undo]")) {
    prompt().value = typed = replaced;
    replaced = "";
    event.target.closest("[data-undo]").hidden = true;
    begin();
    keep();
    prompt().focus();
  }
  if (event.target.closest("[data-template]")) replaced = typed.trim() ? typed : "";
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.closest("#composer")) return;
  event.preventDefault();
  if (!form().querySelector("[type='submit']").disabled) form().requestSubmit();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "composer") return;
  begin();
  if (form().hasAttribute("data-fresh")) {
    typed = replaced = "";
    prompt().focus();
  }
  offerUndo();
  keep();
});

if (form().hasAttribute("data-fresh")) restore();
else replaced = draft()?.prompt ?? "";
typed = prompt().value;
begin();
offerUndo();
