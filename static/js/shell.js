// Header, demo note and dialogs. Everything here only spares a page load or a click.
const THEMES = ["system", "light", "dark"];
const root = document.documentElement;

function remember(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {
    // Forbidden or full: it holds until the page is left.
  }
}

function themeSwitch(button) {
  const say = () => {
    button.setAttribute("aria-label", `Colours: ${root.dataset.theme}. Change`);
    button.title = `Colours: ${root.dataset.theme}`;
  };
  button.addEventListener("click", () => {
    root.dataset.theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
    remember(localStorage, "contentgen.theme", root.dataset.theme);
    say();
  });
  say();
  button.hidden = false;
}

function demoNote(note) {
  const button = note.querySelector("button");
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.demo = "hidden";
    remember(sessionStorage, "contentgen.demo", "hidden");
    document.getElementById("main").focus();
  });
}

const theme = document.getElementById("theme");
if (theme) themeSwitch(theme);
const demo = document.getElementById("demo");
if (demo) demoNote(demo);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const dialog = document.getElementById(opener.dataset.dialog);
    dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("studio:open"));
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

// A draft is for its writer only: it leaves the browser when they sign out.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-forget-draft]")) return;
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("contentgen.draft.")) localStorage.removeItem(key);
  }
});
