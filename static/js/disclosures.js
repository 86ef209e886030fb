// Remembers which of the sections that say so are open, for all pages that have them.
for (const section of document.querySelectorAll("details[data-remember]")) {
  const key = `contentgen.open.${section.dataset.remember}`;
  try {
    if (localStorage.getItem(key) === "yes") section.open = true; // one may have opened it before this runs
  } catch {
    // Blocked: it begins closed.
  }
  section.addEventListener("toggle", () => {
    try {
      if (section.open) localStorage.setItem(key, "yes");
      else localStorage.removeItem(key);
    } catch {
      // Blocked or full: it lasts until the page is left.
    }
  });
}
