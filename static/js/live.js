// Keeps a page current: what the poller brings is announced, counted in the title, and timed to the second.
const title = document.title;
const announcer = document.getElementById("announcer");
const trouble = document.getElementById("trouble");
const known = new Map();
const RUNNING = new Set(["queued", "in_progress"]);
const SAID = { completed: "is finished", failed: "failed", canceled: "was canceled" };

function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-since]")) {
    const text = clock((Date.now() - Date.parse(time.dataset.since)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

function look() {
  const news = [];
  for (const part of document.querySelectorAll("[data-status]")) {
    const before = known.get(part.id);
    const now = part.dataset.status;
    if (RUNNING.has(before) && SAID[now]) news.push(`“${part.dataset.title}” ${SAID[now]}.`);
    known.set(part.id, now);
  }
  if (news.length) announcer.textContent = news.join(" ");
  const running = document.querySelectorAll("input[name='card']").length;
  document.title = running ? `(${running}) ${title}` : title;
  tick();
}

document.addEventListener("htmx:afterSettle", look);
document.addEventListener("htmx:oobAfterSwap", look);
setInterval(tick, 1000);
look();

// A hidden tab asks nothing, and catches up at once when it is looked at again.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "poller" && document.hidden) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  const poller = document.getElementById("poller");
  if (!document.hidden && poller && document.querySelector("input[name='card']")) {
    window.htmx.trigger(poller, "catchup");
  }
});

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

document.addEventListener("htmx:sendError", () => say("The studio cannot be reached. We keep trying; nothing is lost."));
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  say(
    status === 403
      ? "This page was open too long. Reload it and try again."
      : `The studio answered with an error (${status}). Nothing was changed.`,
  );
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) say("");
});
