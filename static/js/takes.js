// Stacks of takes: they open in place. A judgement that was carried out is told by the event `studio:judged`.
const stackOf = (element) => element?.closest?.(".stack");
const isOpen = (stack) => stack.classList.contains("stack--open");
const cardsIn = (stack) => [...stack.querySelectorAll(".card")];
const cardOf = (id) => document.getElementById(`card-${id}`);

function setOpen(stack, open) {
  stack.classList.toggle("stack--open", open);
  stack.querySelector("[data-stack-toggle]").setAttribute("aria-expanded", String(open));
}

// An element that is moved loses the focus.
function keepFocus(change, fallback = null) {
  const focused = document.activeElement;
  change();
  if (document.activeElement === focused) return;
  (focused.isConnected ? focused : fallback?.querySelector(".card__prompt a"))?.focus({ preventScroll: true });
}

// A stack of one take is none any more.
function update(stack) {
  const cards = cardsIn(stack);
  if (cards.length < 2) return stack.replaceWith(...cards);
  stack.querySelector("[data-stack-count]").textContent = cards.length;
  stack.querySelector(".stack__compare")?.toggleAttribute("hidden", cards.length !== Number(stack.dataset.count));
}

function updateAll() {
  for (const stack of document.querySelectorAll(".stack")) update(stack);
}

function initialise() {
  for (const stack of document.querySelectorAll(".stack:not([data-count])")) {
    stack.dataset.count = cardsIn(stack).length;
    const toggle = stack.querySelector("[data-stack-toggle]");
    toggle.setAttribute("role", "button");
    setOpen(stack, isOpen(stack));
  }
}

document.addEventListener("click", (event) => {
  const stack = stackOf(event.target);
  if (!stack || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const isKeep = event.target.closest("[data-keep]");
  if (!event.target.closest("[data-stack-toggle]") && !(isKeep && !isOpen(stack))) return;
  // Nobody rejects takes that they do not see: the key for it opens the stack first.
  event.preventDefault();
  event.stopPropagation();
  setOpen(stack, !isOpen(stack));
}, true);

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
  const stack = stackOf(target);
  const opens = key === "Enter" && stack && !isOpen(stack) && target.closest(".card__prompt a");
  const toggles = key === " " && target.closest?.("[data-stack-toggle]");
  if (!opens && !toggles) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  setOpen(stack, !isOpen(stack));
}, true);

document.body.addEventListener("studio:judged", ({ detail }) => {
  const kept = cardOf(detail.chosen);
  const removed = detail.removed.map(cardOf).filter(Boolean);
  const focused = removed.find((card) => card.contains(document.activeElement));
  keepFocus(() => {
    if (kept && stackOf(kept)) kept.parentElement.prepend(kept);
    for (const card of removed) card.remove();
    updateAll();
  }, focused && (focused.nextElementSibling ?? focused.previousElementSibling));
});

// What others remove from the page, such as the bulk actions, leaves stacks that are too small as well.
for (const event of ["htmx:afterSettle", "htmx:afterOnLoad"]) {
  document.addEventListener(event, () => {
    initialise();
    keepFocus(updateAll);
  });
}
initialise();
