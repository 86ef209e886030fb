// When the studio is away, refuses, or has forgotten who is asking: says so, waits, and finds the way back.
const box = document.getElementById("trouble");
const words = box.querySelector("p");
const [again, door, dismiss] = ["again", "door", "dismiss"].map((part) => box.querySelector(`[data-${part}]`));
const AWAY = new Set([502, 503, 504]);
const HIDDEN = 10_000; // milliseconds between questions of a tab nobody looks at
const POLL_TIMEOUT = 20_000;
const LONGEST = 30_000;
const SAID = {
  403: "This was not allowed. Nothing was changed.",
  404: "This is not there any more. Reload the page to see what is.",
  413: "That was more than the studio takes. Nothing was changed.",
  429: "Too many requests in a short time. Wait a minute, then try again.",
};

let cause = ""; // of what is shown: "away", "out", "poller", "action"
let quietUntil = 0; // the poller asks nothing before
let asked = 0;
let fails = 0;
let timer = 0;

const isPoller = (event) => event.detail.elt.id === "poller";
const backoff = () => Math.min(LONGEST, 1000 * 2 ** fails);

function show(why, text) {
  cause = why;
  words.textContent = text;
  again.hidden = why !== "away";
  door.hidden = why !== "out";
  dismiss.hidden = why !== "action" && why !== "poller";
  box.hidden = false;
}

function clear() {
  cause = "";
  fails = quietUntil = 0;
  box.hidden = true;
  words.textContent = "";
}

function catchUp() {
  const poller = document.getElementById("poller");
  if (poller?.hasAttribute("hx-get")) window.htmx?.trigger(poller, "catchup");
}

// --- Away -------------------------------------------------------------------------------------------------
function leave() {
  if (cause === "away") return;
  fails = 1;
  show("away", "The studio cannot be reached. Nothing is lost, and what you typed stays here.");
  timer = setTimeout(knock, backoff());
}

async function knock() {
  clearTimeout(timer);
  try {
    const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(POLL_TIMEOUT) });
    if (answer.ok) return arrive();
  } catch {
    // Not yet.
  }
  fails += 1;
  timer = setTimeout(knock, backoff());
}

function arrive() {
  if (cause !== "away") return;
  clearTimeout(timer);
  const focused = box.contains(document.activeElement);
  clear();
  if (focused) document.getElementById("main").focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: "The studio is back." } }));
  catchUp();
}

again.addEventListener("click", knock);
dismiss.addEventListener("click", clear);
addEventListener("online", () => cause === "away" && knock());
addEventListener("offline", leave);

// --- The poller's pace --------------------------------------------------------------------------------------
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isPoller(event)) return;
  const now = Date.now();
  const tooSoon = now < quietUntil || (document.hidden && now - asked < HIDDEN);
  if (cause === "away" || tooSoon) event.preventDefault();
  else asked = now;
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  quietUntil = 0;
  if (cause === "away") knock();
  else catchUp();
});

// --- What requests come back with -----------------------------------------------------------------------------
for (const kind of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(kind, leave);

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (AWAY.has(status)) return leave();
  if (!isPoller(event)) return show("action", SAID[status] ?? `The studio answered with an error (${status}). Try again.`);
  fails += 1;
  quietUntil = Date.now() + backoff();
  if (!cause) show("poller", SAID[status] ?? `The studio answered with an error (${status}). This page may be out of date.`);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  if (cause === "away") arrive();
  else if (isPoller(event) ? cause === "poller" || cause === "out" : cause) clear();
});

// A session that ended must not take the page away from someone who is writing.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const address = event.detail.xhr.getResponseHeader("HX-Redirect");
  if (!address || new URL(address, location).pathname !== document.body.dataset.signIn) return;
  event.preventDefault();
  door.href = address;
  quietUntil = Date.now() + LONGEST;
  show("out", "You have been signed out. Nothing was sent, and what you typed is kept in this browser.");
});

// --- A page that was open while its owner signed in elsewhere --------------------------------------------------
const token = () => document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1];

document.addEventListener(
  "submit",
  ({ target }) => {
    const field = target.elements.namedItem("csrfmiddlewaretoken");
    if (field && token()) field.value = token();
  },
  true,
);
document.addEventListener("htmx:configRequest", (event) => {
  if (isPoller(event)) event.detail.timeout = POLL_TIMEOUT;
  if (token()) event.detail.headers["X-CSRFToken"] = token();
});
