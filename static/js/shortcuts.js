// Single keys, for those who like them: they find a control of the page and click it. Off with a switch.
const KEY = "contentgen.keys";
const sheet = document.getElementById("keys");
const choice = document.getElementById("single-keys");
const SEQUENCE = 1200; // milliseconds in which the second key follows a `g`
const TYPING = "input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]";
const OWN_KEYS = "button, summary, input, video, select, textarea"; // they know what space and arrows mean

// --- The switch -------------------------------------------------------------------------------------------
const stored = () => {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
};
let on = stored();

function say() {
  choice.setAttribute("aria-checked", String(on));
}

choice.addEventListener("click", () => {
  on = !on;
  try {
    if (on) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "off");
  } catch {
    // It holds until the page is left.
  }
  say();
});
say();
for (const opener of document.querySelectorAll("[data-dialog='keys']")) opener.hidden = false;
if (/Mac|iPhone|iPad/.test(navigator.platform)) sheet.querySelector("[data-mod]").textContent = "⌘";

// --- Where things are ---------------------------------------------------------------------------------------
const cards = () => [...document.querySelectorAll(".card")].filter((card) => card.checkVisibility());
const link = (card) => card.querySelector(".card__prompt a") ?? card.querySelector("a, button");
const current = () => document.activeElement?.closest(".card");
const subject = () => current() ?? document.querySelector("[data-detail]");
const search = () => document.querySelector("main input[type='search']");

function go(address) {
  location.assign(address);
}

function point(field) {
  field.focus();
  field.select?.();
}

// What the page's player does with a key; it says that it has done something by taking the event.
function offer({ key, shiftKey, target, repeat }) {
  const wish = new CustomEvent("studio:key", { cancelable: true, detail: { key, shiftKey, target, repeat } });
  return !document.dispatchEvent(wish);
}

function follow(way) {
  const link = document.querySelector(`#neighbours a[rel="${way}"]`);
  link?.click();
  return Boolean(link);
}

function press(name, { shiftKey }) {
  const control = subject()?.querySelector(`[data-${name}]`);
  control?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
  return Boolean(control);
}

// The library throws away what is selected, else the card with the focus; it says so by taking the event.
function throwAway() {
  const wish = new CustomEvent("studio:trash", { bubbles: true, cancelable: true });
  return Boolean(current()) && !current().dispatchEvent(wish);
}

// --- Moving -------------------------------------------------------------------------------------------------
function below(all, from, way) {
  const box = from.getBoundingClientRect();
  const middle = (each) => each.left + each.width / 2;
  const rows = all
    .map((card) => ({ card, box: card.getBoundingClientRect() }))
    .filter((each) => (way > 0 ? each.box.top >= box.bottom - 1 : each.box.bottom <= box.top + 1));
  if (!rows.length) return null;
  const nearest = way > 0 ? Math.min(...rows.map((r) => r.box.top)) : Math.max(...rows.map((r) => r.box.top));
  const row = rows.filter((each) => Math.abs(each.box.top - nearest) < 2);
  const apart = (each) => Math.abs(middle(each.box) - middle(box));
  return row.reduce((best, each) => (apart(each) < apart(best) ? each : best)).card;
}

// Up and down scroll the page until a card has the focus; left and right go to the first one in sight.
function move(key) {
  const all = cards();
  const from = current();
  const way = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  if (!from && !sideways) return false;
  const seen = all.find((card) => card.getBoundingClientRect().bottom > 0);
  const to = !from ? seen : sideways ? all[all.indexOf(from) + way] : below(all, from, way);
  if (to) link(to).focus();
  return Boolean(from || to);
}

function play() {
  const part = subject();
  const film = part?.querySelector("video");
  if (film) {
    if (film.paused) film.play();
    else film.pause();
    return true;
  }
  const start = part?.querySelector("a[data-play]");
  if (!start) return false;
  const before = document.activeElement;
  start.click();
  if (before !== start) before.focus({ preventScroll: true });
  return true;
}

// --- Keys ---------------------------------------------------------------------------------------------------
const LETTERS = {
  "?": () => !sheet.open && (sheet.showModal(), true),
  "/": () => (search() ? point(search()) : go(`${sheet.dataset.library}#search`), true),
  n: () => {
    const prompt = document.getElementById("id_prompt");
    if (prompt) point(prompt);
    else go(`${sheet.dataset.studio}#id_prompt`);
    return true;
  },
  j: () => follow("next"),
  k: () => follow("prev"),
  f: (event) => press("favourite", event),
  x: (event) => press("select", event), // with Shift: a range
  X: (event) => press("select", event),
  Delete: (event) => press("trash", event) || throwAway(),
};
const AFTER_G = { l: () => go(sheet.dataset.library), s: () => go(sheet.dataset.studio) };
let g = 0;

function act(event) {
  const { key, target } = event;
  if (event.timeStamp - g < SEQUENCE && AFTER_G[key]) return AFTER_G[key](), true;
  g = key === "g" ? event.timeStamp : 0;
  if (LETTERS[key]) return !event.repeat && LETTERS[key](event);
  if (target.closest?.(OWN_KEYS)) return false;
  if (key === " ") return !event.repeat && play();
  return key.startsWith("Arrow") && move(key);
}

document.addEventListener("keydown", (event) => {
  const shifted = event.shiftKey && !["?", "/", "X"].includes(event.key);
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (!on || modified || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
  if (!offer(event) && (shifted || !act(event))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
});

// Where a key led from another page.
const wished = { "#search": search, "#id_prompt": () => document.getElementById("id_prompt") }[location.hash]?.();
if (wished) {
  history.replaceState(history.state, "", location.pathname + location.search);
  point(wished);
}
