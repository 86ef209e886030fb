// Short notes that go by themselves. They come as `toast` events (from scripts, or from the server by HX-Trigger)
// with {text, undo}, where `undo` is an address that takes a POST; as _toast.html in a server's answer; and as
// Django's messages, whose form, if there is one, is the way to undo.
const region = document.getElementById("toasts");
const shape = document.getElementById("toast-shape");
const STAYS = 6000; // milliseconds
const STAYS_WITH_UNDO = 12_000;
const MOST = 4;

function close(toast) {
  const focused = toast.contains(document.activeElement);
  toast.remove();
  if (focused) document.getElementById("main").focus({ preventScroll: true });
}

// It stays while somebody is on it, or while nobody looks at the tab.
function expire(toast, stays) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    timer = setTimeout(() => (document.hidden ? start() : close(toast)), stays);
  };
  for (const kind of ["pointerenter", "focusin"]) toast.addEventListener(kind, stop);
  for (const kind of ["pointerleave", "focusout"]) {
    toast.addEventListener(kind, () => setTimeout(() => toast.matches(":hover, :focus-within") || start()));
  }
  start();
}

function adopt(toast) {
  const form = toast.querySelector("form");
  form?.addEventListener("htmx:afterRequest", ({ detail }) => detail.successful && close(toast));
  toast.querySelector("[data-dismiss]").addEventListener("click", () => close(toast));
  while (region.children.length > MOST) region.firstElementChild.remove();
  expire(toast, form ? STAYS_WITH_UNDO : STAYS);
}

function show(text, form = null) {
  const toast = shape.content.firstElementChild.cloneNode(true);
  toast.querySelector("p").textContent = text;
  if (form) toast.querySelector("form").replaceWith(form);
  else toast.querySelector("form").remove();
  region.append(toast);
}

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) adopt(node);
  }
}).observe(region, { childList: true });

document.addEventListener("toast", ({ detail: { text, undo } }) => {
  if (!undo) return show(text);
  const form = shape.content.querySelector("form").cloneNode(true);
  form.action = undo;
  form.setAttribute("hx-post", undo);
  show(text, form);
  window.htmx.process(form);
});

for (const message of document.querySelectorAll(".messages li")) {
  const form = message.querySelector("form");
  form?.remove();
  show(message.textContent.trim(), form);
}
document.querySelector(".messages")?.remove();
