// The view menu: what is chosen applies at once, and the browser remembers it, so that the server draws the next
// page so from the start.
const form = document.querySelector("form.view");
const A_YEAR = 365 * 24 * 3600; // seconds
const SECURE = location.protocol === "https:" ? "; secure" : "";

form.addEventListener("change", () => {
  const chosen = new FormData(form);
  const density = chosen.get("density");
  const plays = chosen.get("previews") === "1";
  const cards = document.getElementById("cards");
  cards.dataset.density = density;
  cards.toggleAttribute("data-previews", plays);
  const value = `${density}.${plays ? "plays" : ""}`;
  document.cookie = `${form.dataset.viewCookie}=${value}; path=/; max-age=${A_YEAR}; samesite=lax${SECURE}`;
  document.dispatchEvent(new CustomEvent("studio:view-changed"));
});
