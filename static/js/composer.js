// The composer: saves the draft, offers only what the model supports and shows the price. Its images are in
// composer-images.js. Responses replace the form, so everything listens on the document.
import { gettext, interpolate } from "./texts.js";

const form = () => document.getElementById("composer");
const prompt = () => document.getElementById("id_prompt");
const chosen = (name) => form().querySelector(`input[name='${name}']:checked`)?.value;
const COUNT_FROM = 0.9; // of the limit: from here on the character count is shown

const inputsOf = (name) => [...form().querySelectorAll(`input[name='${name}']`)];

// --- Model: its lengths, ratios and resolutions come from the server, which keeps the nearest choice ---------------
const DEPENDENT = ["seconds", "ratio", "resolution"];
const settings = () => document.getElementById("model-settings");
let sent = {}; // what was chosen when they were asked for

function currentSettings() {
  const values = {};
  for (const field of settings().querySelectorAll("input, select, textarea")) {
    const isChosen = field.checked || !["radio", "checkbox"].includes(field.type);
    // What is typed under "More" may be too long for an address; composer-parameters.js takes it along.
    if (field.closest("[data-parameters]")) continue;
    if (field.name && !field.disabled && isChosen) values[field.name] = field.value;
  }
  const current = form().querySelector("input[name='model'][data-current]");
  return { ...values, ...(current && { model: current.value }) };
}

function loadSettings(model, values = {}) {
  sent = Object.fromEntries(DEPENDENT.map((name) => [name, chosen(name)]));
  const request = htmx.ajax("GET", settings().dataset.url, {
    source: settings(),
    target: settings(),
    swap: "outerHTML",
    values: { ...currentSettings(), ...values, choose: model },
  });
  request?.catch(() => {}); // what failed is told by events
}

// What was chosen while the settings were on their way stays chosen.
function keepLaterChoices(before) {
  for (const name of DEPENDENT) {
    if (before[name] === sent[name]) continue;
    const input = inputsOf(name).find((each) => each.value === before[name]);
    if (input) input.checked = true;
  }
}

// --- Size: follows from ratio and resolution ---------------------------------------------------------------
const areaOf = (size) => size.split("x").reduce((width, height) => Number(width) * Number(height));

function updateSize() {
  const ratio = chosen("ratio");
  const before = document.getElementById("id_size").value;
  const choices = inputsOf("resolution").map((input) => ({ input, size: JSON.parse(input.dataset.sizes)[ratio] }));
  for (const { input, size } of choices) {
    const label = input.closest("label");
    label.hidden = !size;
    label.classList.remove("segment--elsewhere");
    label.querySelector("[data-exact-size]").textContent = size?.replace("x", "×") ?? "";
  }
  const offered = choices.filter(({ size }) => size);
  if (!offered.some(({ input }) => input.checked) && offered.length && before) {
    const distance = ({ size }) => Math.abs(Math.log(areaOf(size) / areaOf(before)));
    offered.reduce((best, each) => (distance(each) < distance(best) ? each : best)).input.checked = true;
  }
  const exact = document.getElementById("id_size");
  exact.value = offered.find(({ input }) => input.checked)?.size ?? "";
  // The price and the preview of the reference image follow the exact size.
  if (exact.value !== before) exact.dispatchEvent(new Event("input", { bubbles: true }));
}

function updateCharacters() {
  const group = form().querySelector(".option-group--characters");
  if (!group) return;
  const backends = form().querySelector("input[name='model']:checked")?.dataset.backends?.trim().split(" ");
  const inputs = [...group.querySelectorAll("input")];
  const supported = inputs.filter((input) => !backends || backends.includes(input.dataset.backend));
  const full = supported.filter((input) => input.checked).length >= Number(group.dataset.limit);
  for (const input of inputs) {
    const label = input.closest("label");
    label.hidden = !supported.includes(input);
    input.disabled = label.hidden || (full && !input.checked);
  }
  group.hidden = !supported.length && !group.querySelector(".field-error");
}

// --- Price -------------------------------------------------------------------------------------------------
// As `billing.money.format_money` writes amounts: two decimals, or up to four where a cent is too coarse.
const DIGITS = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
// An estimate is told to the cent: more digits would promise what nobody knows.
const CENTS = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const formatAmount = (amount, digits = DIGITS) => document.body.dataset.currencySign + digits.format(amount);
const formatPrice = (amount, samples) =>
  samples
    ? interpolate(gettext("about %(price)s"), { price: formatAmount(amount, amount < 0.01 ? DIGITS : CENTS) }, true)
    : formatAmount(amount);

function updatePrice() {
  const choice = form().querySelector("input[name='model']:checked");
  const rates = JSON.parse(choice?.dataset.rates ?? "{}");
  const [rate, samples] = rates[chosen("size")] ?? rates["*"] ?? []; // samples: of an estimate, else 0
  const seconds = chosen("seconds");
  const known = rate !== undefined && seconds !== undefined;
  const takes = Number(chosen("takes") ?? 1);
  const isFree = choice?.hasAttribute("data-free") ?? false;
  const price = form().querySelector("[data-price]");
  price.hidden = !known || isFree;
  price.textContent = known ? formatPrice(takes * Number(rate) * Number(seconds), samples) : "";
  const each = form().querySelector("[data-price-each]");
  each.hidden = price.hidden || takes === 1;
  each.textContent = !known || takes === 1 ? "" : `${takes} × ${formatPrice(Number(rate) * Number(seconds), samples)}`;
  const note = form().querySelector("[data-price-note]");
  const estimate = gettext("Estimated from %(count)s videos. The charge may differ.");
  const estimated = samples ? interpolate(estimate, { count: samples }, true) : "";
  note.textContent = known ? (isFree ? note.dataset.freeNote : estimated) : "";
  note.hidden = !note.textContent;
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
  const [count, most] = [length, limit].map((each) => each.toLocaleString(document.documentElement.lang));
  const text = interpolate(gettext("%(count)s of %(limit)s characters"), { count, limit: most }, true);
  note.textContent = note.hidden ? "" : text;
}

// --- Draft -------------------------------------------------------------------------------------------------
const SAVED_FIELDS = ["model", "seconds", "ratio", "resolution", "takes"];
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
  const { model, ...others } = saved;
  // The page was opened with an image: its shape goes before that of the draft.
  if (form().hasAttribute("data-shaped")) for (const name of ["ratio", "resolution"]) delete others[name];
  if (model && model !== chosen("model")) {
    const saved = DEPENDENT.filter((name) => others[name]).map((name) => [name, others[name]]);
    loadSettings(model, { model, ...Object.fromEntries(saved) });
  }
  for (const name of SAVED_FIELDS.filter((each) => each !== "model")) {
    const input = inputsOf(name).find((each) => each.value === others[name]);
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
  if (mac) hint.querySelector("[data-modifier-key]").textContent = "⌘";
  initialiseSettings();
  autosize();
  updateCount();
}

function initialiseSettings() {
  for (const input of inputsOf("model")) input.toggleAttribute("data-current", input.checked);
  // They send the form where there is no script; Enter in a field must not press them.
  for (const button of form().querySelectorAll("[name='pick_model'], [name='choose']")) button.type = "button";
  updateSize();
  updateCharacters();
  updatePrice();
  updateSummary();
}

// --- Small screens: the settings are folded away, and one line says what is chosen -------------------------------------
let areSettingsOpen = false;

function updateSummary() {
  const textOf = (name) => {
    const label = inputsOf(name).find((input) => input.checked)?.closest("label");
    return (label?.querySelector(".segment__text > :first-child") ?? label)?.textContent.trim();
  };
  const number = chosen("takes");
  const takes = number > 1 ? interpolate(gettext("%(count)s takes"), { count: number }, true) : "";
  const parts = [...["model", "seconds", "ratio", "resolution"].map(textOf), takes];
  form().querySelector("[data-summary]").textContent = parts.filter(Boolean).join(" · ");
  const toggle = document.getElementById("settings-toggle");
  toggle.setAttribute("aria-expanded", areSettingsOpen);
}

document.addEventListener("click", ({ target }) => {
  if (!target.closest("#settings-toggle")) return;
  areSettingsOpen = !areSettingsOpen;
  updateSummary();
});

document.addEventListener("input", (event) => {
  if (!event.target.closest("#composer")) return;
  if (event.target.name === "characters") updateCharacters();
  if (["ratio", "resolution"].includes(event.target.name)) updateSize();
  if (["seconds", "size", "takes"].includes(event.target.name)) updatePrice();
  updateSummary();
  if (event.target === prompt()) {
    typed = prompt().value;
    autosize();
    updateCount();
  }
  saveDraft();
});

document.addEventListener("change", ({ target }) => {
  if (target.closest("#composer") && target.name === "model") loadSettings(target.value);
});

document.addEventListener("studio:model-chosen", ({ detail }) => loadSettings(detail));

let chosenBefore = {}; // when the new settings arrived
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "model-settings") return;
  chosenBefore = Object.fromEntries(DEPENDENT.map((name) => [name, chosen(name)]));
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.id !== "model-settings") return;
  keepLaterChoices(chosenBefore);
  initialiseSettings();
  // What else depends on the model hears of it as if it had been chosen in the new part.
  form().querySelector("input[name='model']:checked")?.dispatchEvent(new Event("input", { bubbles: true }));
});

// The settings did not come: the model is again the one that they belong to.
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, ({ detail }) => {
    if (detail.elt.id !== "model-settings") return;
    for (const input of inputsOf("model")) input.checked = input.hasAttribute("data-current");
  });
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-restore-draft]")) {
    prompt().value = typed = replaced;
    replaced = "";
    event.target.closest("[data-restore-draft]").hidden = true;
    initialise();
    saveDraft();
    prompt().focus();
  }
  if (event.target.closest("[data-template], [data-clear]")) replaced = typed.trim() ? typed : "";
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.closest("#composer")) return;
  event.preventDefault();
  if (!form().querySelector("[type='submit']").disabled) form().requestSubmit();
});

// The form comes back as it was sent. What was typed while it was on its way is not lost.
let sentPrompt = "";
let typedMeanwhile = null;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.elt === form()) sentPrompt = prompt().value;
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target === form()) typedMeanwhile = detail.elt === form() && prompt().value !== sentPrompt ? prompt().value : null;
});

function takeUpGenerated() {
  if (typedMeanwhile !== null && !prompt().hidden) prompt().value = typedMeanwhile;
  typed = prompt().value;
  replaced = "";
  // On a touch screen the keyboard would cover the card that has just appeared.
  if (prompt().hidden || !matchMedia("(hover: hover)").matches) return;
  prompt().focus();
  if (typedMeanwhile === null) prompt().select();
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "composer") return;
  initialise();
  if (form().hasAttribute("data-generated")) takeUpGenerated();
  if (form().hasAttribute("data-fresh")) {
    typed = "";
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
