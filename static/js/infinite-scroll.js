// The library goes on by itself as its end comes near, and its address follows what is looked at, so that a
// reload, a shared link or the way back lands where one was.
const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      window.htmx.trigger(entry.target, "near");
    }
  },
  { rootMargin: "900px 0px" },
);

function watch() {
  const more = document.getElementById("more");
  if (more) near.observe(more);
}

function inView() {
  return [...document.querySelectorAll("#cards > .card")].find((card) => card.getBoundingClientRect().bottom > 80);
}

function follow() {
  const card = inView();
  let mark = card?.previousElementSibling;
  while (mark && !mark.dataset.page) mark = mark.previousElementSibling;
  if (!mark) return;
  const state = { ...history.state, card: window.scrollY > 80 ? card.id : null };
  history.replaceState(state, "", mark.dataset.page);
}

let waiting = null;
addEventListener(
  "scroll",
  () => {
    clearTimeout(waiting);
    waiting = setTimeout(follow, 150);
  },
  { passive: true },
);

// The browser's own memory of the scroll position is of a longer page than the one that it gets back.
history.scrollRestoration = "manual";
if (history.state?.card) document.getElementById(history.state.card)?.scrollIntoView({ block: "start" });

// Choosing the first of two days brings new counts; the sheet that holds both stays open.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.id === "filters" && detail.target.querySelector("details[open]")) {
    detail.fragment.querySelector("details").open = true;
  }
});

document.addEventListener("htmx:afterSettle", watch);
watch();
