// The page of the reference images: files are sent as they are chosen, dropped or pasted.
const form = document.getElementById("adding");
const file = document.getElementById("id_images");
const asking = document.getElementById("asking");

function send(files) {
  const pictures = [...files].filter((each) => each.type.startsWith("image/"));
  if (!pictures.length || file.disabled) return false;
  const carrier = new DataTransfer();
  for (const picture of pictures) carrier.items.add(picture);
  file.files = carrier.files;
  form.requestSubmit();
  return true;
}

file.addEventListener("change", () => {
  if (file.files.length) form.requestSubmit();
});

form.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.elt !== form) return;
  form.reset();
  document.querySelector("main input[type='search']").value = ""; // all are shown again
});

const carries = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  form.classList.add("adding--over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("adding--over");
});
document.addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  form.classList.remove("adding--over");
  send(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (send(event.clipboardData.files)) event.preventDefault();
});

// --- Deleting: the question comes in a dialog, and its image goes with the answer ---------------------------
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.elt === asking) asking.showModal();
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!asking.contains(detail.elt)) return;
  asking.close();
  if (document.activeElement === document.body) (document.querySelector(".card a") ?? file).focus();
});
