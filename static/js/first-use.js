// HTMX takes over the links and forms of a page when all of it is read, and those that it swaps in some milliseconds
// after they are seen. Whoever is faster would use a plain one, which leaves the page: it is taken over first.
const REQUESTING = "[hx-get], [hx-post]";

function takeOver({ target }) {
  const button = target.closest?.("button");
  const elements = new Set([button, button?.form, target.closest?.(REQUESTING)]);
  for (const element of elements) if (element) window.htmx.process(element);
}

for (const kind of ["click", "submit"]) document.addEventListener(kind, takeOver, { capture: true });
