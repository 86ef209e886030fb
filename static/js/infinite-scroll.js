// Infinite scroll: the next page loads before the end comes into view. The URL follows the page in view, so that
// reloading, sharing a link or going back leads to the same place.
const nearViewport = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      nearViewport.unobserve(entry.target);
      window.htmx.trigger(entry.target, "near-viewport");
    }
  },
  { rootMargin: "900px 0px" },
);

function observeNextPage() {
  const next = document.getElementById("more");
  if (next) nearViewport.observe(next);
}

function firstCardInView() {
  return [...document.querySelectorAll("#cards .card")].find((card) => card.getBoundingClientRect().bottom > 80);
}

function updateUrl() {
  const card = firstCardInView();
  if (card) card.dispatchEvent(new CustomEvent("studio:first-in-view", { bubbles: true }));
  let page = card?.closest("#cards > *").previousElementSibling;
  while (page && !page.dataset.page) page = page.previousElementSibling;
  if (!page) return;
  const state = { ...history.state, card: window.scrollY > 80 ? card.id : null };
  history.replaceState(state, "", page.dataset.page);
}

let timer = null;
addEventListener(
  "scroll",
  () => {
    clearTimeout(timer);
    timer = setTimeout(updateUrl, 150);
  },
  { passive: true },
);

// The browser would restore the scroll position of the longer page that was left.
history.scrollRestoration = "manual";
if (history.state?.card) document.getElementById(history.state.card)?.scrollIntoView({ block: "start" });

document.addEventListener("htmx:afterSettle", observeNextPage);
observeNextPage();
