// Keeps a page current: what the poller brings is spoken once, counted in the title, and timed to the second.
// Nothing jumps for it: a card keeps its shape, and focus stays where it was.
const title = document.title;
const announcer = document.getElementById("announcer");
const favicon = document.querySelector("link[rel='icon']");
const calm = favicon.href;

// --- The clock --------------------------------------------------------------------------------------------
// Times are the server's; a browser whose clock is wrong still counts the right seconds.
const [visit] = performance.getEntriesByType("navigation");
const drawn = performance.timeOrigin + (visit?.responseStart ?? 0);
const ahead = drawn - Date.parse(document.body.dataset.now);
const since = (moment) => (Date.now() - ahead - Date.parse(moment)) / 1000;

function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-since]")) {
    const text = clock(since(time.dataset.since));
    if (time.textContent !== text) time.textContent = text;
  }
  for (const usual of document.querySelectorAll("[data-late]")) {
    const late = since(usual.dataset.begun) > Number(usual.dataset.late);
    const [about, longer] = usual.children;
    about.hidden = late;
    longer.hidden = !late;
  }
}

// --- News -------------------------------------------------------------------------------------------------
const known = new Map();
const RUNNING = new Set(["queued", "in_progress"]);
const SAID = {
  completed: "is ready",
  failed: "failed",
  canceled: "was canceled",
  decision: "needs your decision",
};
let news = [];

// Several cards change with one answer, one after the other: they are spoken together.
function speak() {
  if (!news.length) return;
  announcer.textContent = news.map(({ title, status }) => `“${title}” ${SAID[status]}.`).join(" ");
  document.dispatchEvent(new CustomEvent("studio:news", { detail: news }));
  news = [];
}

function look() {
  for (const part of document.querySelectorAll("[data-status]")) {
    const before = known.get(part.id);
    const now = part.hasAttribute("data-asks") ? "decision" : part.dataset.status;
    if (RUNNING.has(before) && SAID[now]) {
      const address = part.querySelector(".card__prompt a")?.href ?? location.href;
      news.push({ id: part.id, title: part.dataset.title, status: now, address });
    }
    known.set(part.id, now);
  }
  if (news.length) setTimeout(speak, 100);
  const running = document.querySelectorAll("input[name='card']").length;
  document.title = running ? `(${running}) ${title}` : title;
  const icon = running ? favicon.dataset.busy : calm;
  if (favicon.getAttribute("href") !== icon) favicon.href = icon;
  tick();
}

document.addEventListener("htmx:afterSettle", look);
document.addEventListener("htmx:oobAfterSwap", look);
setInterval(tick, 1000);
look();

// --- Focus ------------------------------------------------------------------------------------------------
let held = null;

document.addEventListener("focusin", ({ target }) => {
  const part = target.closest(".card, [data-detail], form[id]");
  const cards = [...document.querySelectorAll(".card")];
  held = part && { part: part.id, target, place: cards.indexOf(part) };
});
// An element that is removed or disabled loses focus too; only people give it up.
document.addEventListener("focusout", ({ target }) => {
  setTimeout(() => {
    if (target.isConnected && !target.disabled && held?.target === target) held = null;
  });
});

// The same control when it is still there, else its card's link, else that of the card that took its place.
function heir({ part, target, place }) {
  if (target.isConnected) return target.disabled ? null : target;
  const here = document.getElementById(part);
  const name = target.id ? `#${CSS.escape(target.id)}` : [target.localName, ...target.classList].join(".");
  const same = target.id || target.className ? here?.querySelector(name) : null;
  const cards = [...document.querySelectorAll(".card")];
  const card = here ?? cards.at(place) ?? cards.at(-1);
  return same ?? card?.querySelector(".card__prompt a") ?? document.getElementById("main");
}

function giveBack() {
  if (held && document.activeElement === document.body) heir(held)?.focus({ preventScroll: true });
}

document.addEventListener("htmx:afterSettle", giveBack);
document.addEventListener("htmx:afterRequest", () => setTimeout(giveBack));

// --- Shape ------------------------------------------------------------------------------------------------
// A file may come in another shape than was asked for; the grid takes it on with the next page, not under the
// pointer.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const before = detail.target.dataset.ratio;
  const after = detail.fragment.firstElementChild;
  if (before && after?.classList.contains("card")) after.dataset.ratio = before;
});
