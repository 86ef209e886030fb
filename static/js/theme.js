// Runs before the first paint, so that no page flashes in the wrong colours.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("contentgen.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("contentgen.demo")) root.dataset.demo = "hidden";
  } catch {
    // Storage may be blocked; then the system's preference applies.
  }
})();
