// Keeps the dashboard calm while it renews itself: what is unfolded stays unfolded, the focus stays where it was, and
// nobody is asked while the page is hidden.
let unfolded = [];

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "dashboard" && document.hidden) event.preventDefault();
});

document.addEventListener("htmx:beforeSwap", ({ target }) => {
  if (target.id === "dashboard") unfolded = [...target.querySelectorAll("details[open]")].map(({ id }) => id);
});

let focused = "";
document.addEventListener("htmx:beforeSwap", () => {
  const link = document.activeElement?.closest("#dashboard a");
  focused = link ? link.getAttribute("href") : "";
});

document.addEventListener("htmx:afterSwap", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  const links = [...document.querySelectorAll("#dashboard a")];
  if (focused) links.find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
});
