// The form: keeps the draft, offers only what the model takes and says what it costs, takes images by drop and
// paste.
// It is replaced by the server's answers, so everything listens on the document.
const form = () => document.getElementById("composer");
const prompt = () => document.getElementById("id_prompt");
const file = () => document.getElementById("id_input_reference");
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
  const choice = form().querySelector("input[name='model']:checked");
  const without = choice?.hasAttribute("data-no-reference") ?? false;
  file().disabled = without;
  file().closest(".reference-slot").hidden = without;
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

// --- The reference image ----------------------------------------------------------------------------------
const TYPES = ["image/jpeg", "image/png", "image/webp"];
let address = "";
let ordinary = "";

function doubt(picture, limit) {
  if (picture && !TYPES.includes(picture.type)) return "This does not look like a JPEG, PNG or WebP.";
  if (picture && picture.size > limit) return "This is larger than the studio takes.";
  return "";
}

// What the server will make of the image: the shape of the chosen size, filled, or all of it on a blurred copy.
function frame() {
  const box = document.getElementById("reference");
  const [width, height] = (chosen("size") ?? "").split("x").map(Number);
  const picture = box.querySelector(".reference__frame");
  if (width && height) {
    picture.style.setProperty("--shape", width / height);
    picture.style.setProperty("--blur", 3200 / width);
  }
  box.classList.toggle("reference--pad", chosen("fit") === "pad");
}

function preview() {
  const box = document.getElementById("reference");
  const picture = file().files[0];
  const note = box.querySelector(".reference__note");
  ordinary ||= note.textContent;
  if (address) URL.revokeObjectURL(address);
  address = picture ? URL.createObjectURL(picture) : "";
  for (const image of box.querySelectorAll(".reference__frame img")) {
    if (address) image.src = address;
    else image.removeAttribute("src");
  }
  box.querySelector(".reference__stage").hidden = box.querySelector(".reference__remove").hidden = !picture;
  box.classList.toggle("reference--chosen", Boolean(picture));
  const problem = doubt(picture, Number(box.dataset.limit));
  note.textContent = problem || picture?.name || ordinary;
  note.classList.toggle("reference__note--bad", Boolean(problem));
}

function take(files) {
  const picture = [...files].find((each) => each.type.startsWith("image/"));
  if (!picture) return false;
  const box = new DataTransfer();
  box.items.add(picture);
  file().files = box.files;
  preview();
  return true;
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
  frame();
}

document.addEventListener("input", (event) => {
  if (!event.target.closest("#composer")) return;
  if (["model", "characters"].includes(event.target.name)) offer();
  if (["model", "size", "fit"].includes(event.target.name)) frame();
  if (["model", "seconds", "size", "takes"].includes(event.target.name)) cost();
  if (event.target.name === "input_reference") return;
  if (event.target === prompt()) {
    typed = prompt().value;
    fit();
    count();
  }
  keep();
});

document.addEventListener("change", (event) => {
  if (event.target === file()) preview();
});

document.addEventListener("click", (event) => {
  if (event.target.closest(".reference__remove")) {
    file().value = "";
    preview();
    file().focus();
  }
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

document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files") || !event.target.closest("#composer")) return;
  event.preventDefault();
  form().classList.add("composer--over");
});
document.addEventListener("dragleave", (event) => {
  if (!form().contains(event.relatedTarget)) form().classList.remove("composer--over");
});
document.addEventListener("drop", (event) => {
  if (!event.target.closest("#composer") || !event.dataTransfer?.files.length) return;
  event.preventDefault();
  form().classList.remove("composer--over");
  take(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (event.target.closest?.("#composer") && take(event.clipboardData.files)) event.preventDefault();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "composer") return;
  begin();
  if (form().hasAttribute("data-fresh")) {
    typed = replaced = ordinary = "";
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
if (file().files.length) preview();
