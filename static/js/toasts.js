// Messages that disappear by themselves. They come as `toast` events (from scripts, or from the server through
// HX-Trigger) with {text, undo}, where `undo` is a URL to POST to; as _toast.html in a response; and as Django's
// messages, whose form, if there is one, undoes the action.
const region = document.getElementById("toasts");
const toastTemplate = document.getElementById("toast-template");
const DURATION = 6000; // milliseconds
const DURATION_WITH_UNDO = 12_000;
const MAX_TOASTS = 4;

function close(toast) {
  const focused = toast.contains(document.activeElement);
  toast.remove();
  if (focused) document.getElementById("main").focus({ preventScroll: true });
}

// The timer stops while the toast has the pointer or the focus, and while the tab is hidden.
function expire(toast, duration) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    timer = setTimeout(() => (document.hidden ? start() : close(toast)), duration);
  };
  for (const kind of ["pointerenter", "focusin"]) toast.addEventListener(kind, stop);
  for (const kind of ["pointerleave", "focusout"]) {
    toast.addEventListener(kind, () => setTimeout(() => toast.matches(":hover, :focus-within") || start()));
  }
  start();
}

function initialise(toast) {
  const form = toast.querySelector("form");
  form?.addEventListener("htmx:afterRequest", ({ detail }) => detail.successful && close(toast));
  toast.querySelector("[data-dismiss]").addEventListener("click", () => close(toast));
  while (region.children.length > MAX_TOASTS) region.firstElementChild.remove();
  expire(toast, form ? DURATION_WITH_UNDO : DURATION);
}

function show(text, form = null, kind = "") {
  const toast = toastTemplate.content.firstElementChild.cloneNode(true);
  toast.querySelector("p").textContent = text;
  toast.dataset.kind = kind;
  if (form) toast.querySelector("form").replaceWith(form);
  else toast.querySelector("form").remove();
  region.append(toast);
}

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) initialise(node);
  }
}).observe(region, { childList: true });

document.addEventListener("toast", ({ detail: { text, undo, kind } }) => {
  if (!undo) return show(text, null, kind);
  const form = toastTemplate.content.querySelector("form").cloneNode(true);
  form.action = undo;
  form.setAttribute("hx-post", undo);
  show(text, form);
  window.htmx.process(form);
});

// What is no longer true.
document.addEventListener("toast:withdraw", ({ detail: { kind } }) => {
  for (const toast of region.querySelectorAll(`[data-kind="${kind}"]`)) close(toast);
});

for (const message of document.querySelectorAll(".messages li")) {
  const form = message.querySelector("form");
  form?.remove();
  show(message.textContent.trim(), form);
}
document.querySelector(".messages")?.remove();
