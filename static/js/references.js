// The references page: files are uploaded as soon as they are chosen, dropped or pasted.
const form = document.getElementById("upload");
const file = document.getElementById("id_images");
const deleteDialog = document.getElementById("delete-dialog");

// Not every system knows the type of a phone's pictures.
const isImage = ({ type, name }) => type.startsWith("image/") || /\.(heic|heif|avif)$/i.test(name);

function upload(files) {
  const images = [...files].filter(isImage);
  if (!images.length || file.disabled) return false;
  const transfer = new DataTransfer();
  for (const image of images) transfer.items.add(image);
  file.files = transfer.files;
  file.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

file.addEventListener("change", () => {
  if (file.files.length) form.requestSubmit();
});

form.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.elt !== form) return;
  form.reset();
  document.querySelector("main input[type='search']").value = ""; // the whole list is shown again
});

// The studio describes it on arrival, once: reloading that page, or an address from elsewhere, asks nobody.
document.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
  const link = target.closest("[data-describe]");
  const isHere = link && !ctrlKey && !metaKey && !shiftKey; // another tab would not know of it
  try {
    if (isHere) sessionStorage.setItem("contentgen.describe", `${link.dataset.describe} ${Date.now()}`);
  } catch {
    // Blocked: the studio opens with the image, and has the same button.
  }
});

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form.classList.add("upload--drag-over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("upload--drag-over");
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form.classList.remove("upload--drag-over");
  upload(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (upload(event.clipboardData.files)) event.preventDefault();
});

// --- Deleting: the confirmation is loaded into a dialog ----------------------------------------------------
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt === deleteDialog) deleteDialog.showModal();
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!deleteDialog.contains(detail.elt)) return;
  deleteDialog.close();
  if (document.activeElement === document.body) (document.querySelector(".card a") ?? file).focus();
});
