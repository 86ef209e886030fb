// Help with a prompt: what comes back is shown beside the field, and replaces its text only when asked to.
const fieldOf = (element) => element.closest("form").querySelector("textarea[name='prompt']");
const helpOf = (element) => element.closest?.("[data-prompt-help]");
const resultOf = (help) => help.querySelector(".prompt-help__result");
const asked = new WeakMap(); // by request: what the field held
let undone = null; // what Undo brings back: the help, the text before, and the text that replaced it

function show(help, name) {
  const result = resultOf(help);
  result.replaceChildren();
  if (name) result.append(help.querySelector(`template[data-${name}]`).content.cloneNode(true));
}

// As if it had been typed, so that the browser's own undo knows of it.
function write(field, text) {
  field.focus();
  field.select();
  if (document.execCommand("insertText", false, text) && field.value === text) return;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function use(help, text) {
  const field = fieldOf(help);
  const before = field.value;
  undone = null;
  write(field, text);
  show(help, "used");
  undone = { help, before, after: field.value };
}

function undo() {
  const { help, before } = undone;
  undone = null;
  write(fieldOf(help), before);
  show(help);
}

document.addEventListener("click", ({ target }) => {
  const help = helpOf(target);
  const button = target.closest?.("button");
  if (!help || !button) return;
  if (button.matches("[data-use]")) use(help, help.querySelector("[data-offered]").value);
  if (button.matches("[data-undo]")) undo();
  if (button.matches("[data-keep]")) {
    show(help);
    fieldOf(help).focus();
  }
  if (button.matches("[data-cancel]")) {
    for (const each of help.querySelectorAll(".htmx-request")) window.htmx.trigger(each, "htmx:abort");
  }
});

document.addEventListener("input", ({ target }) => {
  // What was written since would be lost with it.
  if (undone && target === fieldOf(undone.help) && target.value !== undone.after) {
    show(undone.help);
    undone = null;
  }
});

document.addEventListener("keydown", (event) => {
  const isKey = event.key.toLowerCase() === "i" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  if (!isKey || !event.target.matches("textarea[name='prompt']")) return;
  const button = event.target.form?.querySelector("[data-improve]");
  if (!button) return;
  event.preventDefault();
  if (!button.disabled) button.click();
});

const ARRIVES_WITHIN = 60_000; // ms; later, nobody thinks of what they pressed before the connection failed

// "Describe" was pressed beside an image on another page, which is this form's now.
function describeOnArrival() {
  let [image, at] = [];
  try {
    [image, at] = (sessionStorage.getItem("contentgen.describe") ?? "").split(" ");
    sessionStorage.removeItem("contentgen.describe");
  } catch {
    // Blocked: the button is there.
  }
  const isHere = image && document.getElementById("id_reference")?.value === image;
  if (isHere && Date.now() - at < ARRIVES_WITHIN) document.querySelector("#composer [data-describe]")?.click();
}

document.addEventListener("htmx:load", describeOnArrival, { once: true });

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const help = helpOf(detail.elt);
  if (!help) return;
  asked.set(detail.xhr, fieldOf(help).value);
  undone = null;
  show(help);
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const help = helpOf(detail.elt);
  if (!help || !asked.has(detail.xhr) || asked.get(detail.xhr) === fieldOf(help).value) return;
  detail.shouldSwap = false;
  show(help, "late");
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const help = helpOf(detail.target);
  // The button that was pressed lost the focus when it was disabled.
  if (help && [document.body, null].includes(document.activeElement)) help.querySelector("[data-use]")?.focus();
});

