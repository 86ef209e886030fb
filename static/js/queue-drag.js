// Videos that wait are dragged to another place by their handle, with a mouse, a pen or a finger. The buttons
// beside it do the same from a keyboard. A drop is one request, which names the two neighbors that the page
// shows there: the server moves nothing where they are not neighbors any more, and answers with the list.
const EDGE = 64; // pixels from the top or the bottom of the window, where the page scrolls by itself
const STEP = 10; // pixels for each frame
let drag = null;

const rowsOf = (list) => [...list.querySelectorAll(":scope > [data-video]")];
const idOf = (row) => row?.dataset.video ?? "";

function showHandles() {
  for (const handle of document.querySelectorAll("[data-drag-handle]")) {
    handle.hidden = rowsOf(handle.closest("ol")).length < 2;
  }
}

function follow() {
  const { list, row, y } = drag;
  const isAbove = (other) => other.getBoundingClientRect().top + other.offsetHeight / 2 < y;
  const next = rowsOf(list).find((other) => other !== row && !isAbove(other)) ?? null;
  // A row that stays where it is must not be touched: the browser would forget what it is doing with it.
  if (next !== row.nextElementSibling) list.insertBefore(row, next);
}

function scroll() {
  if (!drag) return;
  const beyond = drag.y < EDGE ? -STEP : drag.y > window.innerHeight - EDGE ? STEP : 0;
  if (beyond) {
    window.scrollBy(0, beyond);
    follow();
  }
  requestAnimationFrame(scroll);
}

function begin(event) {
  const handle = event.target.closest?.("[data-drag-handle]");
  if (!handle || drag || event.button !== 0 || !event.isPrimary) return;
  event.preventDefault();
  const row = handle.closest("[data-video]");
  const list = row.parentElement;
  drag = { handle, row, list, next: row.nextElementSibling, y: event.clientY, pointer: event.pointerId };
  list.setPointerCapture(event.pointerId); // the row itself moves in the document, and would lose the pointer
  row.classList.add("queue__row--dragged");
  requestAnimationFrame(scroll);
}

function end({ isCanceled }) {
  const { handle, row, list, next } = drag;
  drag = null;
  row.classList.remove("queue__row--dragged");
  if (isCanceled) list.insertBefore(row, next);
  if (row.nextElementSibling === next) return;
  const values = { behind: idOf(row.previousElementSibling), before: idOf(row.nextElementSibling) };
  handle.setAttribute("hx-vals", JSON.stringify({ do: `place ${idOf(row)}`, ...values }));
  handle.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful && row.isConnected) list.insertBefore(row, next);
  }, { once: true });
  window.htmx.trigger(handle, "dropped");
}

document.addEventListener("pointerdown", begin);
document.addEventListener("pointermove", (event) => {
  if (drag?.pointer !== event.pointerId) return;
  drag.y = event.clientY;
  follow();
});
document.addEventListener("pointerup", (event) => {
  if (drag?.pointer === event.pointerId) end({ isCanceled: false });
});
document.addEventListener("pointercancel", (event) => {
  if (drag?.pointer === event.pointerId) end({ isCanceled: true });
});
document.addEventListener("keydown", (event) => {
  if (drag && event.key === "Escape") end({ isCanceled: true });
});

// What the page learns by itself would replace the list under the finger. It asks again in a few seconds.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (drag) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterSettle", showHandles);
showHandles();
