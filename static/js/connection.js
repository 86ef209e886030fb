// Connection problems: the server is unreachable, refuses a request, or the session has ended. Says so, waits and
// reconnects.
import { gettext, interpolate } from "./texts.js";

const box = document.getElementById("connection-error");
const message = box.querySelector("p");
const retryButton = box.querySelector("[data-retry]");
const signInLink = box.querySelector("[data-sign-in-link]");
const dismissButton = box.querySelector("[data-dismiss]");
const UNREACHABLE = new Set([502, 503, 504]); // a proxy answers in place of the studio
const HIDDEN_INTERVAL = 10_000; // milliseconds between polls of a hidden tab
const REQUEST_TIMEOUT = 20_000;
const MAX_BACKOFF = 30_000;
const MESSAGES = {
  403: gettext("You don’t have permission to do this. Nothing was changed."),
  404: gettext("This no longer exists. Reload the page to see the current state."),
  413: gettext("That is larger than the studio accepts. Nothing was changed."),
  429: gettext("Too many requests. Wait a minute, then try again."),
};

let changedAt = 0; // when the connection was lost or came back: what was asked before says nothing of now
let shown = ""; // the problem on display: "offline", "signed-out", "poller" or "action"
let pollAfter = 0; // no polling before this time
let polledAt = 0;
let failures = 0;
let timer = 0;

const isPoller = (event) => event.detail.elt.id === "poller";
const backoff = () => Math.min(MAX_BACKOFF, 1000 * 2 ** failures);

function show(problem, text) {
  shown = problem;
  message.textContent = text;
  retryButton.hidden = problem !== "offline";
  signInLink.hidden = problem !== "signed-out";
  dismissButton.hidden = problem !== "action" && problem !== "poller";
  box.hidden = false;
}

function clear() {
  shown = "";
  failures = pollAfter = 0;
  box.hidden = true;
  message.textContent = "";
}

function pollNow() {
  const poller = document.getElementById("poller");
  if (poller?.hasAttribute("hx-get")) window.htmx?.trigger(poller, "poll-now");
}

// --- Offline -----------------------------------------------------------------------------------------------
function disconnect() {
  if (shown === "offline") return;
  failures = 1;
  changedAt = performance.now();
  document.dispatchEvent(new CustomEvent("toast:withdraw", { detail: { kind: "online" } }));
  show("offline", gettext("Can’t reach the studio. Nothing is lost, and what you typed is still here."));
  timer = setTimeout(probe, backoff());
}

async function probe() {
  clearTimeout(timer);
  try {
    const options = { cache: "no-store", signal: AbortSignal.timeout(REQUEST_TIMEOUT) };
    const response = await fetch(document.body.dataset.health, options);
    if (response.ok) return reconnect();
  } catch {
    // Still unreachable.
  }
  failures += 1;
  timer = setTimeout(probe, backoff());
}

function reconnect() {
  if (shown !== "offline") return;
  clearTimeout(timer);
  const hadFocus = box.contains(document.activeElement);
  changedAt = performance.now();
  clear();
  if (hadFocus) document.getElementById("main").focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: gettext("You’re back online."), kind: "online" } }));
  pollNow();
}

retryButton.addEventListener("click", probe);
dismissButton.addEventListener("click", clear);
addEventListener("online", () => shown === "offline" && probe());
addEventListener("offline", disconnect);

// --- Polling rate ------------------------------------------------------------------------------------------
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isPoller(event)) return;
  const now = Date.now();
  const isTooSoon = now < pollAfter || (document.hidden && now - polledAt < HIDDEN_INTERVAL);
  if (shown === "offline" || isTooSoon) event.preventDefault();
  else polledAt = now;
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  pollAfter = 0;
  if (shown === "offline") probe();
  else pollNow();
});

// --- Responses ---------------------------------------------------------------------------------------------
const sentAt = new WeakMap();
document.addEventListener("htmx:beforeSend", ({ detail }) => sentAt.set(detail.xhr, performance.now()));

// A request that was under way when the studio came back fails later, and would say that it is away again; one that
// was under way when the connection was lost may still be answered, and would say that it is back.
const isOutdated = ({ xhr }) => sentAt.has(xhr) && sentAt.get(xhr) < changedAt;
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, ({ detail }) => {
    if (!isOutdated(detail)) disconnect();
  });
}

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  const unknown = isPoller(event)
    ? gettext("Something went wrong (error %(status)s). This page may be out of date.")
    : gettext("Something went wrong (error %(status)s). Try again.");
  const text = MESSAGES[status] ?? interpolate(unknown, { status }, true);
  if (UNREACHABLE.has(status)) {
    if (!isOutdated(event.detail)) disconnect();
    return;
  }
  if (!isPoller(event)) return show("action", text);
  failures += 1;
  pollAfter = Date.now() + backoff();
  if (!shown) show("poller", text);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  if (shown === "offline") {
    if (!isOutdated(event.detail)) reconnect();
  } else if (isPoller(event) ? shown === "poller" || shown === "signed-out" : shown) {
    clear();
  }
});

// A session that has ended must not take the page away from somebody who is writing.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const address = event.detail.xhr.getResponseHeader("HX-Redirect");
  if (!address || new URL(address, location).pathname !== document.body.dataset.signIn) return;
  event.preventDefault();
  signInLink.href = address;
  pollAfter = Date.now() + MAX_BACKOFF;
  show("signed-out", gettext("You’ve been signed out. Nothing was sent, and what you typed is saved in this browser."));
});

// --- CSRF token --------------------------------------------------------------------------------------------
// Signing in in another tab changes it, so every request sends the current one.
const csrfToken = () => document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1];

document.addEventListener(
  "submit",
  ({ target }) => {
    const field = target.elements.namedItem("csrfmiddlewaretoken");
    if (field && csrfToken()) field.value = csrfToken();
  },
  true,
);
document.addEventListener("htmx:configRequest", (event) => {
  if (isPoller(event)) event.detail.timeout = REQUEST_TIMEOUT;
  if (csrfToken()) event.detail.headers["X-CSRFToken"] = csrfToken();
});
