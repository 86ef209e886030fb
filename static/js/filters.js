// Choosing the first of two dates brings new counts; the panel that holds both stays open.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.id === "filters" && detail.target.querySelector("details[open]")) {
    detail.fragment.querySelector("details").open = true;
  }
});
