// Single-key shortcuts. Most of them find a control on the page and click it. A switch turns them off.
const STORAGE_KEY = "contentgen.keys";
const dialog = document.getElementById("shortcuts");
const toggle = document.getElementById("single-key-shortcuts");
const SEQUENCE_TIMEOUT = 1200; // milliseconds in which the second key must follow a `g`
const TEXT_FIELDS = "input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]";
const OWN_KEYS = "button, summary, input, video, select, textarea"; // elements that use space and arrows themselves

// --- On and off --------------------------------------------------------------------------------------------
const isStoredOn = () => {
  try {
    return localStorage.getItem(STORAGE_KEY) !== "off";
  } catch {
    return true;
  }
};
let isOn = isStoredOn();

function updateToggle() {
  toggle.setAttribute("aria-checked", String(isOn));
}

toggle.addEventListener("click", () => {
  isOn = !isOn;
  try {
    if (isOn) localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, "off");
  } catch {
    // Blocked or full: it lasts until the page is left.
  }
  updateToggle();
});
updateToggle();
for (const opener of document.querySelectorAll("[data-dialog='shortcuts']")) opener.hidden = false;
if (/Mac|iPhone|iPad/.test(navigator.platform)) for (const key of dialog.querySelectorAll("[data-modifier-key]")) key.textContent = "⌘";

// --- Finding elements --------------------------------------------------------------------------------------
const visibleCards = () => [...document.querySelectorAll(".card")].filter((card) => card.checkVisibility());
const linkOf = (card) => card.querySelector(".card__prompt a") ?? card.querySelector("a, button");
const focusedCard = () => document.activeElement?.closest(".card");
const subject = () => focusedCard() ?? document.querySelector("[data-detail]"); // what the shortcuts act on
const searchField = () => document.querySelector("main input[type='search']");

function navigate(address) {
  location.assign(address);
}

function focusField(field) {
  field.focus();
  field.select?.();
}

// Lets the page's player handle the key first. It says that it did with preventDefault().
function offerToPlayer({ key, shiftKey, target, repeat, timeStamp }) {
  if (timeStamp - gPressedAt < SEQUENCE_TIMEOUT && SHORTCUTS_AFTER_G[key]) return false;
  const event = new CustomEvent("studio:player-key", { cancelable: true, detail: { key, shiftKey, target, repeat } });
  return !document.dispatchEvent(event);
}

function followVideoNav(rel) {
  const link = document.querySelector(`#video-nav a[rel="${rel}"]`);
  link?.click();
  return Boolean(link);
}

function clickControl(name, { shiftKey }) {
  const control = subject()?.querySelector(`[data-${name}]`);
  control?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
  return Boolean(control);
}

// The library moves the selected cards to the trash, or else the focused card. It says so with preventDefault().
function moveToTrash() {
  const event = new CustomEvent("studio:trash", { bubbles: true, cancelable: true });
  return Boolean(focusedCard()) && !focusedCard().dispatchEvent(event);
}

// --- Moving between cards ----------------------------------------------------------------------------------
function cardInNextRow(all, from, direction) {
  const box = from.getBoundingClientRect();
  const middle = (each) => each.left + each.width / 2;
  const candidates = all
    .map((card) => ({ card, box: card.getBoundingClientRect() }))
    .filter((each) => (direction > 0 ? each.box.top >= box.bottom - 1 : each.box.bottom <= box.top + 1));
  if (!candidates.length) return null;
  const tops = candidates.map((each) => each.box.top);
  const nearest = direction > 0 ? Math.min(...tops) : Math.max(...tops);
  const row = candidates.filter((each) => Math.abs(each.box.top - nearest) < 2);
  const distance = (each) => Math.abs(middle(each.box) - middle(box));
  return row.reduce((best, each) => (distance(each) < distance(best) ? each : best)).card;
}

// Up and down scroll the page until a card has the focus. Left and right start at the first visible card.
function moveFocus(key) {
  const all = visibleCards();
  const from = focusedCard();
  const direction = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const isHorizontal = key === "ArrowLeft" || key === "ArrowRight";
  if (!from && !isHorizontal) return false;
  const firstInView = all.find((card) => card.getBoundingClientRect().bottom > 0);
  const beside = isHorizontal ? all[all.indexOf(from) + direction] : null;
  const to = !from ? firstInView : isHorizontal ? beside : cardInNextRow(all, from, direction);
  if (to) linkOf(to).focus();
  return Boolean(from || to);
}

function togglePlayback() {
  const container = subject();
  const video = container?.querySelector("video:not(.preview)");
  if (video) {
    if (video.paused) video.play();
    else video.pause();
    return true;
  }
  const playLink = container?.querySelector("a[data-play]");
  if (!playLink) return false;
  const focused = document.activeElement;
  playLink.click();
  if (focused !== playLink) focused.focus({ preventScroll: true });
  return true;
}

// --- Key handling ------------------------------------------------------------------------------------------
// Each returns whether it did something.
const SHORTCUTS = {
  "?": () => !dialog.open && (dialog.showModal(), true),
  "/": () => (searchField() ? focusField(searchField()) : navigate(`${dialog.dataset.library}#search`), true),
  n: () => {
    const prompt = document.getElementById("id_prompt");
    if (prompt) focusField(prompt);
    else navigate(`${dialog.dataset.studio}#id_prompt`);
    return true;
  },
  j: () => followVideoNav("next"),
  k: (event) => clickControl("keep", event) || followVideoNav("prev"),
  r: (event) => clickControl("reject", event),
  i: (event) => clickControl("first-frame", event),
  ...Object.fromEntries(["0", "1", "2", "3", "4", "5"].map((key) => [key, (event) => clickControl(`rating-${key}`, event)])),
  f: (event) => clickControl("favourite", event),
  v: (event) => clickControl("vary", event),
  a: (event) => clickControl("another", event),
  x: (event) => clickControl("select", event), // with Shift: a range
  X: (event) => clickControl("select", event),
  Delete: (event) => clickControl("trash", event) || moveToTrash(),
};
const SHORTCUTS_AFTER_G = { l: () => navigate(dialog.dataset.library), s: () => navigate(dialog.dataset.studio) };
let gPressedAt = -Infinity; // an event’s time may be near 0, on a page that has just opened

function handleKey(event) {
  const { key, target } = event;
  if (event.timeStamp - gPressedAt < SEQUENCE_TIMEOUT && SHORTCUTS_AFTER_G[key]) return SHORTCUTS_AFTER_G[key](), true;
  gPressedAt = key === "g" ? event.timeStamp : -Infinity;
  if (SHORTCUTS[key]) return !event.repeat && SHORTCUTS[key](event);
  if (target.closest?.(OWN_KEYS)) return false;
  if (key === " ") return !event.repeat && togglePlayback();
  return key.startsWith("Arrow") && moveFocus(key);
}

document.addEventListener("keydown", (event) => {
  const isShifted = event.shiftKey && !["?", "/", "X"].includes(event.key);
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
  if (!isOn || hasModifier || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest?.(TEXT_FIELDS) || document.querySelector("dialog[open]")) return;
  if (!offerToPlayer(event) && (isShifted || !handleKey(event))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
});

// A shortcut on another page led here: focus the field that it asked for.
const requestedField = { "#search": searchField, "#id_prompt": () => document.getElementById("id_prompt") };
const field = requestedField[location.hash]?.();
if (field) {
  history.replaceState(history.state, "", location.pathname + location.search);
  focusField(field);
}
