// Theme switch, demo banner, menus and dialogs. Every page works without them.
import { gettext, interpolate } from "./texts.js";

const THEMES = { system: gettext("Theme: system"), light: gettext("Theme: light"), dark: gettext("Theme: dark") };
const root = document.documentElement;

function store(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {
    // Blocked or full: it lasts until the page is left.
  }
}

function initialiseThemeSwitch(button) {
  const updateLabel = () => {
    const theme = THEMES[root.dataset.theme];
    button.setAttribute("aria-label", interpolate(gettext("%(theme)s. Change"), { theme }, true));
    button.title = theme;
  };
  button.addEventListener("click", () => {
    const themes = Object.keys(THEMES);
    root.dataset.theme = themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length];
    store(localStorage, "contentgen.theme", root.dataset.theme);
    updateLabel();
  });
  updateLabel();
}

function initialiseDemoBanner(banner) {
  const button = banner.querySelector("button");
  button.addEventListener("click", () => {
    root.dataset.demo = "hidden";
    store(localStorage, "contentgen.demo", "hidden");
    document.getElementById("main").focus();
  });
}

const themeSwitch = document.getElementById("theme-switch");
if (themeSwitch) initialiseThemeSwitch(themeSwitch);
const demoBanner = document.getElementById("demo-banner");
if (demoBanner) initialiseDemoBanner(demoBanner);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const dialog = document.getElementById(opener.dataset.dialog);
    dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("studio:dialog-open"));
  }
  const closer = event.target.closest("dialog [data-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The theme of the account holds everywhere; what was switched in this browser gives way to it.
document.addEventListener("submit", (event) => {
  if (event.target.querySelector("[name=theme]")) localStorage.removeItem("contentgen.theme");
});

// Drafts are private: signing out removes them from the browser.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-forget-draft]")) return;
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("contentgen.draft.")) localStorage.removeItem(key);
  }
});
