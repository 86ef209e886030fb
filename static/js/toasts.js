// Short notes that go by themselves: `toast` events (from scripts, or the server by HX-Trigger) and Django's
// messages. `detail` is {text, undo}; `undo` is an address that takes a POST and answers out of band.
const region = document.getElementById("toasts");
const shape = document.getElementById("toast");
const STAYS = 6000; // milliseconds
const STAYS_WITH_UNDO = 12_000;
const MOST = 4;

function close(toast) {
  const focused = toast.contains(document.activeElement);
  toast.remove();
  if (focused) document.getElementById("main").focus({ preventScroll: true });
}

function expire(toast, stays) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    timer = setTimeout(() => (document.hidden ? start() : close(toast)), stays);
  };
  const watched = () => toast.matches(":hover, :focus-within");
  for (const kind of ["pointerenter", "focusin"]) toast.addEventListener(kind, stop);
  for (const kind of ["pointerleave", "focusout"]) {
    toast.addEventListener(kind, () => setTimeout(() => watched() || start()));
  }
  start();
}

function show({ text, undo }) {
  const toast = shape.content.cloneNode(true).firstElementChild;
  toast.querySelector("p").textContent = text;
  const form = toast.querySelector("form");
  if (undo) {
    form.setAttribute("hx-post", undo);
    form.addEventListener("htmx:afterRequest", (event) => event.detail.successful && close(toast));
  } else form.remove();
  toast.querySelector("[data-dismiss]").addEventListener("click", () => close(toast));
  while (region.children.length >= MOST) region.firstElementChild.remove();
  region.append(toast);
  if (undo) window.htmx.process(toast);
  expire(toast, undo ? STAYS_WITH_UNDO : STAYS);
}

document.addEventListener("toast", (event) => show(event.detail));

for (const message of document.querySelectorAll(".messages li")) {
  show({ text: message.querySelector("span").textContent, undo: message.querySelector("form")?.getAttribute("action") });
}
document.querySelector(".messages")?.remove();
