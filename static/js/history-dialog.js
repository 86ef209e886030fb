// The prompt history dialog: it closes when a prompt chosen in it fills the composer.
const dialog = document.getElementById("history");

// Closing restores focus, so it happens before the new composer arrives and focuses the prompt.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!dialog.open || event.detail.target.id !== "composer" || !event.detail.shouldSwap) return;
  dialog.close();
  dialog.querySelector("form").reset();
});
