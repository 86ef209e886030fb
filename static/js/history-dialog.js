// Earlier prompts in a dialog: what is chosen there fills the form, and the dialog makes way for it.
const dialog = document.getElementById("history");

// Before the form is there, so that closing gives focus back first and the new prompt has the last word.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!dialog.open || event.detail.target.id !== "composer" || !event.detail.shouldSwap) return;
  dialog.close();
  dialog.querySelector("form").reset();
});
