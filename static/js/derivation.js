// The page of a remix, an edit or an extension: the price on the button follows length and takes, and the source loops
// beside the form. Responses replace the form, so this listens on the document.
document.addEventListener("input", ({ target }) => {
  if (!["seconds", "takes"].includes(target.name)) return;
  const value = (name) => target.form.querySelector(`input[name='${name}']:checked`)?.value ?? "";
  const price = target.form.querySelector("[data-price]");
  const label = JSON.parse(price.dataset.prices)[value("seconds")]?.[value("takes")] ?? "";
  price.textContent = label;
  price.hidden = !label || !("shown" in price.dataset);
});

if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
  document.getElementById("player")?.play().catch(() => {}); // it waits for a click where the browser wants one
}
