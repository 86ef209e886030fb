// Keeps a page up to date: what the poller brings is announced once, counted in the title and timed to the second.
// The layout stays still: a card keeps its aspect ratio, and the focus stays where it was.
import { gettext, interpolate } from "./texts.js";

const title = document.title;
const announcer = document.getElementById("announcer");
const favicon = document.querySelector("link[rel='icon']");
const idleIcon = favicon.href;

// --- Clock -------------------------------------------------------------------------------------------------
// Times come from the server's clock; the offset makes up for a browser whose clock is wrong.
const [navigation] = performance.getEntriesByType("navigation");
const renderedAt = performance.timeOrigin + (navigation?.responseStart ?? 0);
const clockOffset = renderedAt - Date.parse(document.body.dataset.now);
const secondsSince = (time) => (Date.now() - clockOffset - Date.parse(time)) / 1000;

function formatClock(seconds) {
  const total = Math.max(0, Math.round(seconds));
  const pad = (n) => String(n).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

function updateClocks() {
  for (const time of document.querySelectorAll("time[data-since]")) {
    const text = formatClock(secondsSince(time.dataset.since));
    if (time.textContent !== text) time.textContent = text;
  }
  for (const estimate of document.querySelectorAll("[data-late-after]")) {
    const left = Number(estimate.dataset.lateAfter) - secondsSince(estimate.dataset.startedAt);
    const [remaining, overdue] = estimate.children;
    const text = formatTimeLeft(left);
    if (remaining.textContent !== text) remaining.textContent = text;
    remaining.hidden = left < 0;
    overdue.hidden = left >= 0;
  }
}

// As the template filter `time_left` writes it.
function formatTimeLeft(seconds) {
  if (seconds >= 60) return interpolate(gettext("about %(count)s min left"), { count: Math.round(seconds / 60) }, true);
  return interpolate(gettext("about %(count)s s left"), { count: Math.max(5, 5 * Math.round(seconds / 5)) }, true);
}

// --- Status changes ----------------------------------------------------------------------------------------
const knownStatuses = new Map();
const RUNNING = new Set(["queued", "in_progress"]);
const MESSAGES = {
  completed: gettext("“%(title)s” is ready."),
  failed: gettext("“%(title)s” failed."),
  canceled: gettext("“%(title)s” was canceled."),
  decision: gettext("“%(title)s” needs attention."),
};
let changes = [];

// One response may change several cards one after the other: they are announced together.
function announce() {
  if (!changes.length) return;
  announcer.textContent = changes.map(({ title, status }) => interpolate(MESSAGES[status], { title }, true)).join(" ");
  changes = [];
}

function updatePage() {
  for (const element of document.querySelectorAll("[data-status]")) {
    const before = knownStatuses.get(element.id);
    const status = element.hasAttribute("data-needs-decision") ? "decision" : element.dataset.status;
    if (RUNNING.has(before) && MESSAGES[status]) {
      changes.push({ title: element.dataset.title, status });
    }
    knownStatuses.set(element.id, status);
  }
  if (changes.length) setTimeout(announce, 100);
  const running = document.querySelectorAll("input[name='card']").length;
  document.title = running ? `(${running}) ${title}` : title;
  const icon = running ? favicon.dataset.busy : idleIcon;
  if (favicon.getAttribute("href") !== icon) favicon.href = icon;
  updateClocks();
}

// A card may leave the page while the answer about it is on its way; HTMX would report that as an error.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig.elt.id !== "poller") return;
  const answer = document.createElement("template");
  answer.innerHTML = detail.serverResponse;
  const parts = [...answer.content.querySelectorAll("[hx-swap-oob]")];
  const gone = parts.filter((part) => !document.getElementById(part.id));
  for (const part of gone) part.remove();
  if (gone.length) detail.serverResponse = answer.innerHTML;
});

// A new video brings a new poller. What the one before is answered then would be looked for beside it, outside of the
// page; the new one asks for the same in two seconds. Its own listener hears it, the document's no longer do.
function dropIfReplaced({ currentTarget, detail }) {
  if (!currentTarget.isConnected) detail.shouldSwap = false;
}

document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (target.id === "poller") target.addEventListener("htmx:beforeSwap", dropIfReplaced);
});

document.addEventListener("htmx:afterSettle", updatePage);
document.addEventListener("htmx:oobAfterSwap", updatePage);
setInterval(updateClocks, 1000);
updatePage();

// --- Focus -------------------------------------------------------------------------------------------------
let lastFocus = null; // the focused element and its container, until the user moves the focus elsewhere

document.addEventListener("focusin", ({ target }) => {
  const container = target.closest(".card, [data-detail], form[id]");
  const cards = [...document.querySelectorAll(".card")];
  lastFocus = container && { containerId: container.id, target, cardIndex: cards.indexOf(container) };
});
// An element also loses the focus when it is removed or disabled; only what users do themselves counts here.
document.addEventListener("focusout", ({ target }) => {
  setTimeout(() => {
    if (target.isConnected && !target.disabled && lastFocus?.target === target) lastFocus = null;
  });
});

// The same control if it still exists, else the link of its card, else of the card now in its place.
function focusTarget({ containerId, target, cardIndex }) {
  if (target.isConnected) return target.disabled ? null : target;
  const container = document.getElementById(containerId);
  const selector = target.id ? `#${CSS.escape(target.id)}` : [target.localName, ...target.classList].join(".");
  const sameControl = target.id || target.className ? container?.querySelector(selector) : null;
  const cards = [...document.querySelectorAll(".card")];
  const card = container ?? cards.at(cardIndex) ?? cards.at(-1);
  return sameControl ?? card?.querySelector(".card__prompt a") ?? document.getElementById("main");
}

function restoreFocus() {
  if (lastFocus && document.activeElement === document.body) focusTarget(lastFocus)?.focus({ preventScroll: true });
}

document.addEventListener("htmx:afterSettle", restoreFocus);
document.addEventListener("htmx:afterRequest", () => setTimeout(restoreFocus));

// --- Layout ------------------------------------------------------------------------------------------------
// A file may have another aspect ratio than was requested. The grid uses it from the next page load on, so that
// nothing moves under the pointer.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const ratio = detail.target.dataset.ratio;
  const card = detail.fragment.firstElementChild;
  if (ratio && card?.classList.contains("card")) card.dataset.ratio = ratio;
});
