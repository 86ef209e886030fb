// The price on the button follows the chosen length. Responses replace the form, so this listens on the document.
document.addEventListener("input", (event) => {
  const label = event.target.dataset.priceLabel;
  if (label === undefined) return;
  const price = event.target.form.querySelector("[data-price]");
  price.textContent = label;
  price.hidden = !label;
});
