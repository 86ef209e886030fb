// The composer's reference image: a dropped, pasted or chosen file, or an image from the references; previewed as the
// video will start from it. Responses replace the form, so everything listens on the document. Loaded after
// composer.js, which decides what can be chosen.
const form = () => document.getElementById("composer");
const slot = () => document.getElementById("reference");
const file = () => document.getElementById("id_input_reference");
// Checked: start from the reference image whose id is its value.
const existing = () => document.getElementById("id_reference");
const chosen = (name) => form().querySelector(`input[name='${name}']:checked`);
const TYPES = ["image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif"];
// Not every system knows the type of a phone's pictures.
const isPhonePicture = ({ name }) => /\.(heic|heif|avif)$/i.test(name);
let previewedFile = null; // the file that `objectUrl` shows
let objectUrl = "";

// --- Preview -----------------------------------------------------------------------------------------------
// The aspect ratio of the chosen size, filled with the image or with all of it on a blurred copy.
function updateFrame() {
  const isUnsupported = chosen("model")?.hasAttribute("data-no-reference") ?? false;
  file().disabled = existing().disabled = isUnsupported;
  slot().closest(".composer__reference").hidden = isUnsupported;
  const [width, height] = (chosen("size")?.value ?? "").split("x").map(Number);
  const frame = slot().querySelector(".reference__frame");
  if (width && height) {
    frame.style.setProperty("--shape", width / height);
    frame.style.setProperty("--blur", 3200 / width);
  }
  slot().classList.toggle("reference--pad", chosen("fit")?.value === "pad");
}

function problemWith(image, limit) {
  if (image && !TYPES.includes(image.type) && !isPhonePicture(image)) return "This isn’t an image the studio takes.";
  if (image && image.size > limit) return "This image is too large.";
  return "";
}

function previewUrl(image) {
  if (image !== previewedFile) {
    if (objectUrl) URL.revokeObjectURL(objectUrl);
    objectUrl = image ? URL.createObjectURL(image) : "";
    previewedFile = image;
  }
  return objectUrl || (existing().checked ? `${slot().dataset.referencesUrl}${existing().value}/thumbnail` : "");
}

function updatePreview() {
  const image = file().files[0] ?? null;
  const url = previewUrl(image);
  for (const preview of slot().querySelectorAll(".reference__frame img")) {
    if (!url) preview.removeAttribute("src");
    else if (preview.getAttribute("src") !== url) preview.src = url;
  }
  slot().querySelector(".reference__preview").hidden = slot().querySelector(".reference__remove").hidden = !url;
  slot().classList.toggle("reference--selected", Boolean(url));
  const hint = slot().querySelector(".reference__hint");
  const problem = problemWith(image, Number(slot().dataset.limit));
  const name = image?.name || existing().dataset.name || "One of your images";
  hint.textContent = problem || (url ? name : hint.dataset.default);
  hint.classList.toggle("reference__hint--error", Boolean(problem));
  updateFrame();
  saveDraft();
}

// --- Choosing: a file replaces a reference image and the other way round -----------------------------------
function chooseExisting(id, name = "") {
  file().value = "";
  const note = document.getElementById(file().dataset.scaledNote);
  Object.assign(note, { textContent: "", hidden: true });
  Object.assign(existing(), { value: id, checked: Boolean(id) });
  existing().dataset.name = name;
  updatePreview();
}

function chooseFile(files) {
  const image = [...files].find((each) => each.type.startsWith("image/") || isPhonePicture(each));
  if (!image || file().disabled) return false;
  const transfer = new DataTransfer();
  transfer.items.add(image);
  file().files = transfer.files;
  file().dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

// --- Draft: it can hold a reference image, but not a file --------------------------------------------------
// Signing out removes it with the rest of the draft (shell.js).
const storageKey = () => `contentgen.draft.${form().dataset.owner}.reference`;

function saveDraft() {
  try {
    const saved = { id: existing().value, name: existing().dataset.name, fit: chosen("fit")?.value };
    if (existing().checked) localStorage.setItem(storageKey(), JSON.stringify(saved));
    else localStorage.removeItem(storageKey());
  } catch {
    // Blocked or full: the draft lives as long as the page.
  }
}

function restoreDraft() {
  try {
    const { id, name, fit } = JSON.parse(localStorage.getItem(storageKey()));
    if (!/^\w+$/.test(id)) return;
    Object.assign(existing(), { value: id, checked: true }).dataset.name = name;
    for (const each of form().querySelectorAll("input[name='fit']")) each.checked = each.value === fit;
  } catch {
    // Nothing readable was saved.
  }
}

// --- Events ------------------------------------------------------------------------------------------------
document.addEventListener("input", ({ target }) => {
  if (!target.closest("#composer") || !["model", "size", "fit"].includes(target.name)) return;
  updateFrame();
  saveDraft();
});

document.addEventListener("change", ({ target }) => {
  if (target !== file()) return;
  existing().checked = false;
  updatePreview();
});

document.addEventListener("click", (event) => {
  if (event.target.closest(".reference__remove")) {
    chooseExisting("");
    file().focus();
  }
  const picked = event.target.closest("[data-reference]");
  if (picked && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    chooseExisting(picked.dataset.reference, picked.dataset.name);
    document.getElementById("reference-dialog").close();
  }
});

// A chosen image that has been deleted stays chosen until the user changes it: generating without it would be wrong.
// A file may be one that this browser cannot show, and the studio can.
document.addEventListener(
  "error",
  ({ target }) => {
    if (!target.matches?.(".reference__image")) return;
    const hint = slot().querySelector(".reference__hint");
    if (objectUrl && isPhonePicture(file().files[0] ?? { name: "" })) {
      slot().querySelector(".reference__preview").hidden = true;
      hint.textContent = `${file().files[0].name} (this browser can’t show it, but the studio can read it)`;
    }
    if (objectUrl || !existing().checked) return;
    hint.textContent = "This image can’t be shown. It may have been deleted. Choose another one.";
    hint.classList.add("reference__hint--error");
  },
  true,
);

// The whole page accepts a file: one dropped beside the form would otherwise replace the page.
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = file().disabled ? "none" : "copy";
  form().classList.toggle("composer--drag-over", !file().disabled);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form().classList.remove("composer--drag-over");
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form().classList.remove("composer--drag-over");
  chooseFile(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (!document.querySelector("dialog[open]") && chooseFile(event.clipboardData.files)) event.preventDefault();
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.id === "composer") updatePreview();
});

if (form().hasAttribute("data-fresh") && !existing().checked) restoreDraft();
updatePreview();
