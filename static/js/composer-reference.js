// The form's image: by drop, paste or choice of a file, or one of those used before; shown as the video will start
// from it. The form is replaced by the server's answers, so everything listens on the document, and after
// composer.js, which settles what can be chosen.
const form = () => document.getElementById("composer");
const box = () => document.getElementById("reference");
const file = () => document.getElementById("id_input_reference");
const own = () => document.getElementById("id_reference"); // checked: start from the image that its value names
const chosen = (name) => form().querySelector(`input[name='${name}']:checked`);
const TYPES = ["image/jpeg", "image/png", "image/webp"];
let shown = null; // the file that `address` shows
let address = "";

// --- What the server will make of it ----------------------------------------------------------------------
// The shape of the chosen size, filled, or all of the image on a blurred copy.
function frame() {
  const without = chosen("model")?.hasAttribute("data-no-reference") ?? false;
  file().disabled = own().disabled = without;
  box().closest(".reference-slot").hidden = without;
  const [width, height] = (chosen("size")?.value ?? "").split("x").map(Number);
  const picture = box().querySelector(".reference__frame");
  if (width && height) {
    picture.style.setProperty("--shape", width / height);
    picture.style.setProperty("--blur", 3200 / width);
  }
  box().classList.toggle("reference--pad", chosen("fit")?.value === "pad");
}

function doubt(picture, limit) {
  if (picture && !TYPES.includes(picture.type)) return "This does not look like a JPEG, PNG or WebP.";
  if (picture && picture.size > limit) return "This is larger than the studio takes.";
  return "";
}

function source(picture) {
  if (picture !== shown) {
    if (address) URL.revokeObjectURL(address);
    address = picture ? URL.createObjectURL(picture) : "";
    shown = picture;
  }
  return address || (own().checked ? `${box().dataset.images}${own().value}/thumbnail` : "");
}

function show() {
  const picture = file().files[0] ?? null;
  const from = source(picture);
  for (const image of box().querySelectorAll(".reference__frame img")) {
    if (!from) image.removeAttribute("src");
    else if (image.getAttribute("src") !== from) image.src = from;
  }
  box().querySelector(".reference__stage").hidden = box().querySelector(".reference__remove").hidden = !from;
  box().classList.toggle("reference--chosen", Boolean(from));
  const note = box().querySelector(".reference__note");
  const problem = doubt(picture, Number(box().dataset.limit));
  const called = picture?.name || own().dataset.name || "One of your images";
  note.textContent = problem || (from ? called : note.dataset.ordinary);
  note.classList.toggle("reference__note--bad", Boolean(problem));
  frame();
  keep();
}

// --- Choosing: the one replaces the other -----------------------------------------------------------------
function choose(id, name = "") {
  file().value = "";
  Object.assign(own(), { value: id, checked: Boolean(id) });
  own().dataset.name = name;
  show();
}

function take(files) {
  const picture = [...files].find((each) => each.type.startsWith("image/"));
  if (!picture || file().disabled) return false;
  const carrier = new DataTransfer();
  carrier.items.add(picture);
  file().files = carrier.files;
  own().checked = false;
  show();
  return true;
}

// --- The draft: a file cannot be kept in it, an image that the studio has can -------------------------------
// Signing out removes it with the rest of the draft (shell.js).
const key = () => `contentgen.draft.${form().dataset.owner}.reference`;

function keep() {
  try {
    const kept = { id: own().value, name: own().dataset.name, fit: chosen("fit")?.value };
    if (own().checked) localStorage.setItem(key(), JSON.stringify(kept));
    else localStorage.removeItem(key());
  } catch {
    // Forbidden or full: the draft lives as long as the page.
  }
}

function restore() {
  try {
    const { id, name, fit } = JSON.parse(localStorage.getItem(key()));
    if (!/^\w+$/.test(id)) return;
    Object.assign(own(), { value: id, checked: true }).dataset.name = name;
    for (const each of form().querySelectorAll("input[name='fit']")) each.checked = each.value === fit;
  } catch {
    // Nothing that can be read was kept.
  }
}

// --- Listening --------------------------------------------------------------------------------------------
document.addEventListener("input", ({ target }) => {
  if (!target.closest("#composer") || !["model", "size", "fit"].includes(target.name)) return;
  frame();
  keep();
});

document.addEventListener("change", ({ target }) => {
  if (target !== file()) return;
  own().checked = false;
  show();
});

document.addEventListener("click", (event) => {
  if (event.target.closest(".reference__remove")) {
    choose("");
    file().focus();
  }
  const picked = event.target.closest("[data-reference]");
  if (picked && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    choose(picked.dataset.reference, picked.dataset.name);
    document.getElementById("pictures").close();
  }
});

// One that was deleted since stays chosen until somebody decides: a video without its image would be a mistake.
document.addEventListener(
  "error",
  ({ target }) => {
    if (address || !own().checked || !target.matches?.(".reference__preview")) return;
    const note = box().querySelector(".reference__note");
    note.textContent = "This image cannot be shown; perhaps it was deleted. Choose another.";
    note.classList.add("reference__note--bad");
  },
  true,
);

// The whole page takes a file: one that falls beside the form would replace the studio.
const carries = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = file().disabled ? "none" : "copy";
  form().classList.toggle("composer--over", !file().disabled);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form().classList.remove("composer--over");
});
document.addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  form().classList.remove("composer--over");
  take(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (!document.querySelector("dialog[open]") && take(event.clipboardData.files)) event.preventDefault();
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt.id === "composer") show();
});

if (form().hasAttribute("data-fresh") && !own().checked) restore();
show();
