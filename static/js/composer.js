// The composer: saves the draft, offers only what the model supports and shows the price. Its reference image is in
// composer-reference.js. Responses replace the form, so everything listens on the document.
const form = () => document.getElementById("composer");
const prompt = () => document.getElementById("id_prompt");
const chosen = (name) => form().querySelector(`input[name='${name}']:checked`)?.value;
const COUNT_FROM = 0.9; // of the limit: from here on the character count is shown

// --- What the model supports -------------------------------------------------------------------------------
function updateOptions() {
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
  updateCharacters(model);
}

function updateCharacters(model) {
  const group = form().querySelector(".option-group--characters");
  if (!group) return;
  const inputs = [...group.querySelectorAll("input")];
  const supported = inputs.filter((input) => !model || input.dataset.models.split("|").includes(model));
  const full = supported.filter((input) => input.checked).length >= Number(group.dataset.limit);
  for (const input of inputs) {
    const label = input.closest("label");
    label.hidden = !supported.includes(input);
    input.disabled = label.hidden || (full && !input.checked);
  }
  group.hidden = !supported.length && !group.querySelector(".field-error");
}

// --- Price -------------------------------------------------------------------------------------------------
const MONEY = new Intl.NumberFormat("en-US", { style: "currency", currency: document.body.dataset.currency, maximumFractionDigits: 4 });

function updatePrice() {
  const choice = form().querySelector("input[name='model']:checked");
  const rates = JSON.parse(choice?.dataset.rates ?? "{}");
  const rate = rates[chosen("size")] ?? rates["*"];
  const seconds = chosen("seconds");
  const known = rate !== undefined && seconds !== undefined;
  const takes = Number(chosen("takes") ?? 1);
  const price = form().querySelector("[data-price]");
  price.hidden = !known;
  price.textContent = known ? MONEY.format(takes * Number(rate) * Number(seconds)) : "";
  const each = form().querySelector("[data-price-each]");
  each.hidden = !known || takes === 1;
  each.textContent = each.hidden ? "" : `${takes} × ${MONEY.format(Number(rate) * Number(seconds))}`;
  form().querySelector("[data-price-note]").hidden = !known || !choice.hasAttribute("data-free");
}

// --- Prompt ------------------------------------------------------------------------------------------------
function autosize() {
  if (CSS.supports("field-sizing", "content")) return;
  prompt().style.blockSize = "auto";
  prompt().style.blockSize = `${prompt().scrollHeight}px`;
}

function updateCount() {
  const limit = Number(prompt().dataset.limit);
  const length = [...prompt().value].length;
  const note = document.getElementById("prompt-count");
  note.hidden = length < limit * COUNT_FROM;
  note.classList.toggle("composer__count--over", length > limit);
  note.textContent = note.hidden ? "" : `${length.toLocaleString("en")} of ${limit.toLocaleString("en")} characters`;
}

// --- Draft -------------------------------------------------------------------------------------------------
const SAVED_FIELDS = ["model", "seconds", "size", "takes"];
const storageKey = () => `contentgen.draft.${form().dataset.owner}`;

function saveDraft() {
  const values = Object.fromEntries(SAVED_FIELDS.map((name) => [name, chosen(name)]));
  values.prompt = prompt().value;
  try {
    localStorage.setItem(storageKey(), JSON.stringify(values));
  } catch {
    // Blocked or full: the draft lives as long as the page.
  }
}

function savedDraft() {
  try {
    return JSON.parse(localStorage.getItem(storageKey()));
  } catch {
    return null;
  }
}

function restoreDraft() {
  const saved = savedDraft();
  if (!saved) return;
  prompt().value = saved.prompt ?? "";
  for (const name of SAVED_FIELDS) {
    const input = [...form().querySelectorAll(`input[name='${name}']`)].find((each) => each.value === saved[name]);
    if (input) input.checked = true;
  }
}

// A template, or the settings of another video, replaces what was typed; the draft can be restored.
let typed = "";
let replaced = "";

function updateRestoreButton() {
  const button = form().querySelector("[data-restore-draft]");
  button.hidden = !replaced || replaced === prompt().value;
}

// --- Events ------------------------------------------------------------------------------------------------
function initialise() {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const hint = form().querySelector(".composer__shortcut");
  hint.hidden = false;
  if (mac) hint.querySelector("[data-modifier-key]").textContent = "⌘";
  updateOptions();
  updatePrice();
  autosize();
  updateCount();
}

document.addEventListener("input", (event) => {
  if (!event.target.closest("#composer")) return;
  if (["model", "characters"].includes(event.target.name)) updateOptions();
  if (["model", "seconds", "size", "takes"].includes(event.target.name)) updatePrice();
  if (event.target === prompt()) {
    typed = prompt().value;
    autosize();
    updateCount();
  }
  saveDraft();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-restore-draft]")) {
    prompt().value = typed = replaced;
    replaced = "";
    event.target.closest("[data-restore-draft]").hidden = true;
    initialise();
    saveDraft();
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
  initialise();
  if (form().hasAttribute("data-fresh")) {
    typed = replaced = "";
    prompt().focus();
  }
  updateRestoreButton();
  saveDraft();
});

if (form().hasAttribute("data-fresh")) restoreDraft();
else replaced = savedDraft()?.prompt ?? "";
typed = prompt().value;
initialise();
updateRestoreButton();
