// A notification of the browser when a video is done: only for those who turned it on, in this browser.
const KEY = "contentgen.notify";
const button = document.getElementById("notify");
const toast = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { text } }));

const wanted = () => {
  try {
    return localStorage.getItem(KEY) === "on" && Notification.permission === "granted";
  } catch {
    return false;
  }
};

function remember(on) {
  try {
    if (on) localStorage.setItem(KEY, "on");
    else localStorage.removeItem(KEY);
    return true;
  } catch {
    return false;
  }
}

const say = () => button.setAttribute("aria-checked", String(wanted()));

async function change() {
  if (wanted()) remember(false);
  else if ((await Notification.requestPermission()) !== "granted") {
    toast("The browser does not allow notifications here. Its settings for this site can change that.");
  } else if (!remember(true)) toast("This browser keeps nothing for this site, so the switch cannot stay on.");
  say();
}

const SAID = { completed: "Your video is ready", failed: "A video failed", decision: "A video needs your decision" };

document.addEventListener("studio:news", ({ detail }) => {
  if (!wanted() || (!document.hidden && document.hasFocus())) return;
  for (const { id, title, status, address } of detail.filter(({ status }) => SAID[status])) {
    try {
      const note = new Notification(SAID[status], { body: title, tag: id, icon: button.dataset.icon });
      note.addEventListener("click", () => {
        window.focus();
        location.assign(address);
      });
    } catch {
      // Browsers of phones leave this to service workers, of which we have none.
    }
  }
});

// Outside of a secure context browsers refuse without asking.
if ("Notification" in window && window.isSecureContext) {
  button.hidden = false;
  button.addEventListener("click", change);
  say();
}
