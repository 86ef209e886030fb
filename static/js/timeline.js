// The months of a large library: the one in view is marked, and a finger that goes along the rail chooses one.
const rail = () => document.querySelector(".timeline");

function mark(card) {
  const month = card?.querySelector("time")?.dateTime.slice(0, 7);
  rail()?.querySelector("[aria-current]")?.removeAttribute("aria-current");
  rail()?.querySelector(`[data-month="${month}"]`)?.setAttribute("aria-current", "true");
}

document.addEventListener("studio:first-in-view", ({ target }) => mark(target));
mark(document.querySelector("#cards .card"));

let chosen = null;

function choose(link) {
  if (link === chosen) return;
  chosen?.classList.remove("timeline__chosen");
  chosen = link;
  chosen?.classList.add("timeline__chosen");
}

document.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "touch" || !event.target.closest?.(".timeline")) return;
  const link = document.elementFromPoint(event.clientX, event.clientY)?.closest(".timeline a");
  if (link) choose(link);
});
document.addEventListener("pointerup", () => {
  const link = chosen;
  choose(null);
  if (link && getComputedStyle(rail()).position === "fixed") location.assign(link.href);
});
document.addEventListener("pointercancel", () => choose(null));
