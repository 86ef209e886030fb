// Keeps the desk calm while it renews itself: what is unfolded stays unfolded, the focus stays where it was, and
// nobody is asked while the page is hidden.
let unfolded = [];

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "desk" && document.hidden) event.preventDefault();
});

document.addEventListener("htmx:beforeSwap", ({ target }) => {
  if (target.id === "desk") unfolded = [...target.querySelectorAll("details[open]")].map(({ id }) => id);
});

let focused = "";
document.addEventListener("htmx:beforeSwap", () => {
  const link = document.activeElement?.closest("#desk a");
  focused = link ? link.getAttribute("href") : "";
});

document.addEventListener("htmx:afterSwap", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  const links = [...document.querySelectorAll("#desk a")];
  if (focused) links.find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
});
