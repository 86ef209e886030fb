// The composer's images, in zones: the first frame, the last one, and further references. Each takes files that are
// dropped, pasted or chosen, and images that the user has already. Responses replace the form, so everything listens
// on the document. Loaded after composer.js, which decides what can be chosen.
import { gettext, interpolate, ngettext } from "./texts.js";

const form = () => document.getElementById("composer");
const block = () => document.getElementById("frames");
const zones = () => [...block().querySelectorAll("[data-zone]")];
const zone = (name) => block().querySelector(`[data-zone='${name}']`);
const fileInput = (each) => each.querySelector("input[type='file']:not([data-kept])");
const checkboxes = (each) => [...each.querySelectorAll("ul input[type='checkbox'], :scope > label input[type='checkbox']")];
const existing = (each) => checkboxes(each).filter((box) => box.checked);
const chosen = (name) => form().querySelector(`input[name='${name}']:checked`)?.value ?? "";
const limits = () => JSON.parse(form().querySelector("input[name='model']:checked")?.dataset.images ?? "null");
const thumbnail = (id) => `${block().dataset.referencesUrl}${id}/thumbnail`;
const TYPES = ["image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif"];
// Not every system knows the type of a phone's pictures.
const isPhonePicture = ({ name }) => /\.(heic|heif|avif)$/i.test(name);
const isImage = (file) => file.type.startsWith("image/") || isPhonePicture(file);

// --- Files -------------------------------------------------------------------------------------------------
// A browser replaces the files of an input with each choice. Those of the references are added up in a second input,
// which is the one that is sent.
function keptInput() {
  const input = fileInput(zone("references"));
  const known = zone("references").querySelector("[data-kept]");
  if (known) return known;
  const kept = Object.assign(document.createElement("input"), { type: "file", multiple: true, hidden: true, name: input.name });
  kept.dataset.kept = "";
  input.removeAttribute("name");
  input.after(kept);
  return kept;
}

const files = (each) => [...(each.dataset.zone === "references" ? keptInput() : fileInput(each)).files];
const count = (each) => files(each).length + existing(each).length;

function setFiles(input, list) {
  const transfer = new DataTransfer();
  for (const file of list) transfer.items.add(file);
  input.files = transfer.files;
}

const urls = new Map(); // of files that are shown

function urlOf(file) {
  if (!urls.has(file)) urls.set(file, URL.createObjectURL(file));
  return urls.get(file);
}

function releaseUrls() {
  const shown = new Set(zones().flatMap(files));
  for (const [file, url] of urls) {
    if (shown.has(file)) continue;
    URL.revokeObjectURL(url);
    urls.delete(file);
  }
}

// --- What is wrong -----------------------------------------------------------------------------------------
// A model that does not take what a zone holds: one thing, or several.
const REFUSALS = {
  reference: [gettext("%(model)s doesn’t take an image. Remove it, or choose another model.")],
  last_frame: [gettext("%(model)s doesn’t take a last frame. Remove it, or choose another model.")],
  references: [
    gettext("%(model)s doesn’t take references. Remove it, or choose another model."),
    gettext("%(model)s doesn’t take references. Remove them, or choose another model."),
  ],
};
const ONE_OF_YOURS = gettext("One of your images");
let told = ""; // of the latest drop, beside what is wrong for as long as it is

function problemWith(file) {
  if (!TYPES.includes(file.type) && !isPhonePicture(file)) return gettext("This isn’t an image the studio takes.");
  if (file.size > Number(block().dataset.limit)) return gettext("This image is too large.");
  return "";
}

const tooMany = (most) =>
  ngettext(
    "%(model)s takes at most %(most)s reference. Remove %(rest)s.",
    "%(model)s takes at most %(most)s references. Remove %(rest)s.",
    most,
  );

function problemIn(each) {
  const model = limits();
  const number = count(each);
  if (!model || !number) return "";
  const most = model[each.dataset.zone];
  const told = { model: model.label, most, rest: number - most };
  if (!most) return interpolate(REFUSALS[each.dataset.zone].at(number > 1 ? -1 : 0), told, true);
  if (number > most) return interpolate(tooMany(most), told, true);
  if (each.dataset.zone === "last_frame" && !count(zone("reference"))) return gettext("A last frame needs a first frame.");
  return "";
}

function updateNotice() {
  const notice = block().querySelector(".frames__notice");
  const size = zones().flatMap(files).reduce((sum, file) => sum + file.size, 0);
  const heavy = size > Number(block().dataset.totalLimit) ? gettext("Together these images are too large.") : "";
  const text = [told, ...zones().map(problemIn), heavy].filter(Boolean).join(" ");
  if (notice.textContent !== text) notice.textContent = text;
  notice.hidden = !text;
  updateOffer();
}

// A model that takes no first frame, while there is one: another one is offered that does.
function updateOffer() {
  const button = block().querySelector("[data-use-model]");
  const isRefused = count(zone("reference")) > 0 && limits()?.reference === 0;
  const { frameModel, frameLabel } = block().dataset;
  button.hidden = !(isRefused && frameModel);
  button.dataset.useModel = frameModel ?? "";
  button.textContent = button.hidden ? "" : interpolate(gettext("Use %(model)s"), { model: frameLabel }, true);
}

// --- Drawing -----------------------------------------------------------------------------------------------
// A zone is there where the model takes what it is for, and for as long as it holds something.
function updateZones() {
  const model = limits();
  const [width, height] = chosen("size").split("x").map(Number);
  if (width && height) {
    block().style.setProperty("--shape", width / height);
    block().style.setProperty("--blur", 3200 / width);
  }
  for (const each of zones()) {
    const isTaken = !model || model[each.dataset.zone] > 0;
    each.hidden = !isTaken && !count(each);
    each.classList.toggle("reference--refused", Boolean(problemIn(each)));
    fileInput(each).disabled = !isTaken;
  }
  block().closest(".composer__reference").hidden = zones().every((each) => each.hidden);
  const most = zone("references")?.querySelector("[data-max-references]");
  if (most && model?.references) most.textContent = model.references;
  block().classList.toggle("frames--pad", chosen("fit") === "pad");
  block().classList.toggle("frames--filled", ["reference", "last_frame"].some((name) => zone(name) && count(zone(name))));
  updateNotice();
}

function drawFrame(each) {
  const [file] = files(each);
  const [box] = checkboxes(each);
  const url = file ? urlOf(file) : box.checked ? thumbnail(box.value) : "";
  for (const preview of each.querySelectorAll(".reference__frame img")) {
    if (!url) preview.removeAttribute("src");
    else if (preview.getAttribute("src") !== url) preview.src = url;
  }
  each.querySelector(".reference__preview").hidden = each.querySelector(".reference__remove").hidden = !url;
  each.classList.toggle("reference--selected", Boolean(url));
  const hint = each.querySelector(".reference__hint");
  const problem = file ? problemWith(file) : "";
  hint.textContent = problem || (url ? file?.name || box.dataset.name || ONE_OF_YOURS : hint.dataset.default);
  hint.classList.toggle("reference__hint--error", Boolean(problem));
}

function addItem(each, url, name, box = {}) {
  const item = each.querySelector("template").content.firstElementChild.cloneNode(true);
  Object.assign(item.querySelector("img"), { src: url, alt: name, title: name });
  if (box.id) Object.assign(item.querySelector("input"), { value: box.id, checked: true }).dataset.name = name;
  else item.querySelector("label").remove();
  each.querySelector("ul").append(item);
  return item;
}

function drawReferences(each) {
  for (const item of each.querySelectorAll("li[data-file]")) item.remove();
  for (const [index, file] of files(each).entries()) {
    const problem = problemWith(file);
    const item = addItem(each, urlOf(file), problem ? `${file.name}: ${problem}` : file.name);
    item.dataset.file = index;
    item.classList.toggle("references-zone__item--error", Boolean(problem));
    if (problem) told = `${file.name}: ${problem}`;
  }
  for (const [index, button] of [...each.querySelectorAll(".reference__remove")].entries()) {
    button.setAttribute("aria-label", interpolate(gettext("Remove reference %(number)s"), { number: index + 1 }, true));
    button.hidden = false;
  }
}

function update() {
  for (const each of zones()) (each.dataset.zone === "references" ? drawReferences : drawFrame)(each);
  releaseUrls();
  updateZones();
  saveDraft();
}

// --- Choosing: in a frame, a file replaces an image of the user's and the other way round ------------------
function clearNote(each) {
  const note = document.getElementById(fileInput(each).dataset.scaledNote);
  Object.assign(note, { textContent: "", hidden: true });
}

function chooseExisting(each, id, name = "") {
  told = "";
  if (each.dataset.zone === "references") {
    addItem(each, thumbnail(id), name || ONE_OF_YOURS, { id });
  } else {
    fileInput(each).value = "";
    const [box] = checkboxes(each);
    Object.assign(box, { value: id, checked: Boolean(id) }).dataset.name = name;
  }
  clearNote(each);
  update();
}

function chooseFiles(each, list) {
  const images = [...list].filter(isImage);
  if (!images.length || !each || fileInput(each).disabled) return false;
  const isList = each.dataset.zone === "references";
  const onlyFirst = gettext("Only %(name)s was used. Drop each image where it is to go.");
  told = images.length > 1 && !isList ? interpolate(onlyFirst, { name: images[0].name }, true) : "";
  setFiles(fileInput(each), isList ? images : images.slice(0, 1));
  fileInput(each).dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

function removeFrom(each, button) {
  told = "";
  const item = button.closest("li");
  if (!item) return chooseExisting(each, "");
  if (item.dataset.file) setFiles(keptInput(), files(each).filter((_, index) => index !== Number(item.dataset.file)));
  else item.remove();
  clearNote(each);
  return update();
}

// --- Draft: it can hold images of the user's, but not files ------------------------------------------------
// Signing out removes it with the rest of the draft (shell.js).
const storageKey = () => `contentgen.draft.${form().dataset.owner}.reference`;

function saveDraft() {
  const images = zones().flatMap((each) =>
    existing(each).map((box) => ({ zone: each.dataset.zone, id: box.value, name: box.dataset.name })),
  );
  try {
    if (images.length) localStorage.setItem(storageKey(), JSON.stringify({ images, fit: chosen("fit") }));
    else localStorage.removeItem(storageKey());
  } catch {
    // Blocked or full: the draft lives as long as the page.
  }
}

function restoreDraft() {
  let saved = {};
  try {
    saved = JSON.parse(localStorage.getItem(storageKey())) ?? {};
  } catch {
    // Nothing readable was saved.
  }
  const { id, name } = saved; // as it was saved while there was one image
  for (const image of saved.images ?? [{ zone: "reference", id, name }]) {
    if (zone(image.zone) && /^\w+$/.test(image.id)) chooseExisting(zone(image.zone), image.id, image.name);
  }
  for (const each of form().querySelectorAll("input[name='fit']")) if (saved.fit) each.checked = each.value === saved.fit;
}

// --- Events ------------------------------------------------------------------------------------------------
document.addEventListener("input", ({ target }) => {
  if (!target.closest("#composer") || !["model", "size", "fit"].includes(target.name)) return;
  updateZones();
  saveDraft();
});

document.addEventListener("change", ({ target }) => {
  const each = target.closest("#frames [data-zone]");
  if (!each || target !== fileInput(each)) return;
  if (each.dataset.zone === "references") {
    setFiles(keptInput(), [...files(each), ...target.files]);
    target.value = "";
  } else if (target.files.length) {
    for (const box of checkboxes(each)) box.checked = false;
  }
  update();
});

// Another video's frame comes as the first frame, with its shape.
function chooseShape(size) {
  const ratioOf = (each) => each.split("x").reduce((width, height) => Number(width) / Number(height));
  const inputs = [...form().querySelectorAll("input[name='resolution']")];
  const shapes = inputs.flatMap((input) => Object.entries(JSON.parse(input.dataset.sizes)));
  if (!shapes.length) return;
  const distance = ([, each]) => Math.abs(Math.log(ratioOf(each) / ratioOf(size)));
  const [nearest] = shapes.reduce((best, each) => (distance(each) < distance(best) ? each : best));
  const input = [...form().querySelectorAll("input[name='ratio']")].find(({ value }) => value === nearest);
  if (!input) return;
  input.checked = true;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

document.body.addEventListener("studio:first-frame", ({ detail }) => {
  chooseShape(detail.size);
  chooseExisting(zone("reference"), detail.id, detail.name);
  form().scrollIntoView({ block: "start" });
  if (matchMedia("(hover: hover)").matches) document.getElementById("id_prompt").focus({ preventScroll: true });
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-use-model]");
  if (button) document.dispatchEvent(new CustomEvent("studio:model-chosen", { detail: button.dataset.useModel }));
});

let pickingFor = "reference"; // the zone whose button opened the dialog

document.addEventListener("click", (event) => {
  const each = event.target.closest("#frames [data-zone]");
  const button = event.target.closest(".reference__remove");
  if (each && button) {
    removeFrom(each, button);
    fileInput(each).focus();
  }
  if (each && event.target.closest("[data-dialog]")) pickingFor = each.dataset.zone;
  const picked = event.target.closest("[data-reference]");
  if (picked && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    chooseExisting(zone(pickingFor) ?? zone("reference"), picked.dataset.reference, picked.dataset.name);
    document.getElementById("reference-dialog").close();
  }
});

// References that are still being scaled down are not in the request yet.
document.addEventListener("htmx:beforeRequest", (event) => {
  const isComposer = event.detail.elt === form();
  if (!isComposer || !zone("references") || !fileInput(zone("references")).files.length) return;
  event.preventDefault();
  told = gettext("Your images are still being prepared. Try again in a moment.");
  updateNotice();
});

// A chosen image that has been deleted stays chosen until the user changes it: generating without it would be wrong.
// A file may be one that this browser cannot show, and the studio can.
document.addEventListener(
  "error",
  ({ target }) => {
    const each = target.closest?.("#frames [data-zone]");
    if (!each || !target.matches(".reference__image")) return;
    const [file] = files(each);
    const hint = each.querySelector(".reference__hint");
    if (file && isPhonePicture(file)) {
      each.querySelector(".reference__preview").hidden = true;
      const text = gettext("%(name)s (this browser can’t show it, but the studio can read it)");
      hint.textContent = interpolate(text, { name: file.name }, true);
    }
    if (file || !existing(each).length) return;
    hint.textContent = gettext("This image can’t be shown. It may have been deleted. Choose another one.");
    hint.classList.add("reference__hint--error");
  },
  true,
);

// The whole page accepts a file: one dropped beside the form would otherwise replace the page. Beside the zones it is
// for the first one that there is.
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
const aimedAt = (target) => target?.closest?.("#frames [data-zone]") ?? zones().find((each) => !fileInput(each).disabled);

function highlight(target) {
  for (const each of zones()) each.classList.toggle("reference--drag-over", each === target);
  form().classList.toggle("composer--drag-over", Boolean(target));
}

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  const each = aimedAt(event.target);
  const isOpen = Boolean(each) && !fileInput(each).disabled;
  event.dataTransfer.dropEffect = isOpen ? "copy" : "none";
  highlight(isOpen ? each : null);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) highlight(null);
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  highlight(null);
  chooseFiles(aimedAt(event.target), event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (document.querySelector("dialog[open]")) return;
  if (chooseFiles(aimedAt(document.activeElement), event.clipboardData.files)) event.preventDefault();
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.id !== "composer") return;
  told = "";
  update();
});

if (form().hasAttribute("data-fresh") && !zones().some(count)) restoreDraft();
update();
