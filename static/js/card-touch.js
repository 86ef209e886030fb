// Cards under fingers: holding one selects it, and then taps select and deselect; along the row, a finger goes
// through the video. Going back, or Escape, ends the selection.
const HOLD = 450; // milliseconds
const SLACK = 10; // pixels that a finger may move while it holds or taps
const CONTROLS = "button, form, input, label, summary";

let touch = null; // {card, x, y, timer, isHeld, isScrubbing}
let isClickDue = false; // the click that a hold or a scrub ends with means nothing

const boxOf = (card) => card?.querySelector(".card__select input");
const selected = () => document.querySelector("#cards .card__select input:checked");

function toggle(card) {
  boxOf(card).click();
}

function hold() {
  const isFirst = !selected();
  touch.isHeld = true;
  toggle(touch.card);
  if (isFirst && selected()) history.pushState({ ...history.state, selecting: true }, "");
}

function release() {
  if (!touch) return;
  clearTimeout(touch.timer);
  if (touch.isScrubbing) touch.card.dispatchEvent(new CustomEvent("studio:scrub-end", { bubbles: true }));
  isClickDue = touch.isHeld || touch.isScrubbing;
  touch = null;
  setTimeout(() => (isClickDue = false), 400); // there is not always one
}

document.addEventListener("pointerdown", (event) => {
  release();
  isClickDue = false;
  const card = event.pointerType === "touch" && event.isPrimary && event.target.closest?.("#cards .card");
  if (!card || !boxOf(card) || event.target.closest(CONTROLS) || event.target.closest("video[controls]")) return;
  const { clientX: x, clientY: y, target } = event;
  touch = { card, x, y, link: target.closest("a[data-play]"), timer: setTimeout(hold, HOLD) };
});

document.addEventListener("pointermove", (event) => {
  if (!touch || touch.isHeld || event.pointerType !== "touch" || !event.isPrimary) return;
  const [dx, dy] = [Math.abs(event.clientX - touch.x), Math.abs(event.clientY - touch.y)];
  if (Math.max(dx, dy) > SLACK) clearTimeout(touch.timer);
  if (dx > SLACK && dx > dy && touch.link) touch.isScrubbing = true;
  if (!touch.isScrubbing) return;
  const detail = { clientX: event.clientX };
  touch.link.dispatchEvent(new CustomEvent("studio:scrub", { bubbles: true, detail }));
});

for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, release);

document.addEventListener("contextmenu", (event) => {
  const isHolding = touch?.card.contains(event.target);
  if (isHolding || isClickDue) event.preventDefault();
});

// Before everything else that a click on a card does.
document.addEventListener(
  "click",
  (event) => {
    if (isClickDue && event.isTrusted) {
      isClickDue = false;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const card = event.pointerType === "touch" && selected() && event.target.closest?.("#cards .card");
    if (!card || event.target.closest(CONTROLS)) return;
    event.preventDefault();
    event.stopPropagation();
    toggle(card);
  },
  true,
);

// --- Going back --------------------------------------------------------------------------------------------
let isLeaving = false;

addEventListener(
  "popstate",
  (event) => {
    if (!selected() && !isLeaving) return;
    event.stopImmediatePropagation(); // the page is the same
    isLeaving = false;
    document.dispatchEvent(new CustomEvent("studio:clear-selection"));
  },
  true,
);
document.addEventListener("studio:selection-cleared", () => {
  if (!history.state?.selecting) return;
  isLeaving = true;
  history.back();
});
