// A button that copies a field. Without it, or without the browser's leave, the field is selected by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
      document.getElementById("announcer").textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl+C";
    }
  });
  field.addEventListener("focus", () => field.select());
}
