// The price on the button follows the chosen length. The form is replaced by the server's answers, so this listens
// on the document.
document.addEventListener("input", (event) => {
  const cost = event.target.dataset.costs;
  if (cost === undefined) return;
  const price = event.target.form.querySelector("[data-price]");
  price.textContent = cost;
  price.hidden = !cost;
});
