// The bell of the header: how many notifications are unread, what they are, and telling them while the page is not
// looked at. The bell rides on whatever the page polls; only where nothing is polled it asks by itself.
import { gettext, interpolate } from "./texts.js";

const KEY = "contentgen.notify";
const TOLD = "contentgen.told"; // the newest version that some tab of this browser has told
const INTERVAL = 10_000; // milliseconds between two questions

const bell = document.getElementById("bell");
const panel = document.getElementById("bell-panel");
const summary = bell.querySelector("summary");
const badge = bell.querySelector(".bell__count");
const announcer = document.getElementById("announcer");
const switches = [...document.querySelectorAll("[data-notifications-switch]")];
const toast = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { text } }));
let askedAt = Date.now();

// --- The count ---------------------------------------------------------------------------------------------
function update({ count, version, news, has_more: hasMore, has_sound: hasSound }) {
  if (version === bell.dataset.version) return;
  bell.dataset.version = version;
  badge.textContent = count > 99 ? "99+" : String(count);
  badge.hidden = count === 0;
  const unread = interpolate(gettext("Notifications, %(count)s unread"), { count }, true);
  summary.setAttribute("aria-label", count ? unread : gettext("Notifications"));
  if (bell.open) panel.dispatchEvent(new Event("bell-open"));
  if (news.length && claim(version)) tell(news, hasMore, hasSound);
}

// Of several tabs, the first to hear of something tells it.
function claim(version) {
  const newest = Number(version.split("-")[1]);
  try {
    if (Number(localStorage.getItem(TOLD)) >= newest) return false;
    localStorage.setItem(TOLD, String(newest));
  } catch {
    // Blocked storage: each tab tells.
  }
  return true;
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers["Bell-Version"] = bell.dataset.version;
  askedAt = Date.now();
});
document.addEventListener("studio:bell", ({ detail }) => update(detail));

async function ask() {
  if (Date.now() - askedAt < INTERVAL) return;
  askedAt = Date.now();
  try {
    const response = await fetch(bell.dataset.address, { headers: { "Bell-Version": bell.dataset.version } });
    if (response.status === 200 && !response.redirected) {
      const answer = await response.json();
      update(answer);
      // A page that polls shows the thing itself, and has said so.
      announcer.textContent = answer.news.map(({ title, body }) => `${title}. ${body}`).join(" ");
    }
  } catch {
    // Away: connection.js says so of what somebody does, and this asks again.
  }
}
setInterval(ask, INTERVAL / 5);

// --- The panel ---------------------------------------------------------------------------------------------
bell.addEventListener("toggle", () => {
  if (bell.open) panel.dispatchEvent(new Event("bell-open"));
});

// A button that marks something as read goes away: the focus stays where it was as far as that is possible.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (document.activeElement !== document.body) return;
  if (target === panel && bell.open) summary.focus();
  else if (target.matches(".inbox__item")) target.querySelector("a").focus();
});

// --- Telling -----------------------------------------------------------------------------------------------
const isOn = () => {
  try {
    return localStorage.getItem(KEY) === "on" && Notification.permission === "granted";
  } catch {
    return false;
  }
};

function store(on) {
  try {
    if (on) localStorage.setItem(KEY, "on");
    else localStorage.removeItem(KEY);
    return true;
  } catch {
    return false;
  }
}

function updateSwitches() {
  for (const button of switches) button.setAttribute("aria-checked", String(isOn()));
}

async function toggle() {
  if (isOn()) store(false);
  else if ((await Notification.requestPermission()) !== "granted") {
    toast(gettext("Your browser blocks notifications for this site. Allow them in its site settings."));
  } else if (!store(true)) toast(gettext("Your browser blocks storage for this site, so this setting can’t be saved."));
  updateSwitches();
}

function show({ id, title, body, path }) {
  try {
    const note = new Notification(title, { body, tag: id, icon: bell.dataset.icon });
    note.addEventListener("click", () => {
      window.focus();
      location.assign(path);
    });
  } catch {
    // Mobile browsers only allow this from a service worker, and we have none.
  }
}

function tell(news, hasMore, hasSound) {
  if (hasSound) new Audio(bell.dataset.sound).play().catch(() => {}); // refused before the first click on a page
  if (!isOn() || (!document.hidden && document.hasFocus())) return;
  for (const each of news) show(each);
  if (hasMore) show({ id: "notifications", title: gettext("More notifications"), body: "", path: panel.dataset.all });
}

// Outside a secure context browsers refuse without asking.
const setting = document.getElementById("browser-setting");
if ("Notification" in window && window.isSecureContext) {
  for (const button of switches) {
    button.hidden = false;
    button.addEventListener("click", toggle);
  }
  updateSwitches();
} else if (setting) setting.hidden = true;
