// Browser notifications when a video is done, for people who turned them on in this browser.
const KEY = "contentgen.notify";
const button = document.getElementById("notifications-switch");
const toast = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { text } }));

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

const updateSwitch = () => button.setAttribute("aria-checked", String(isOn()));

async function toggle() {
  if (isOn()) store(false);
  else if ((await Notification.requestPermission()) !== "granted") {
    toast("Your browser blocks notifications for this site. Allow them in its site settings.");
  } else if (!store(true)) toast("Your browser blocks storage for this site, so this setting can’t be saved.");
  updateSwitch();
}

const MESSAGES = {
  completed: "Your video is ready",
  failed: "Video generation failed",
  decision: "A video needs attention",
};

document.addEventListener("studio:status-change", ({ detail }) => {
  if (!isOn() || (!document.hidden && document.hasFocus())) return;
  for (const { id, title, status, address } of detail.filter(({ status }) => MESSAGES[status])) {
    try {
      const note = new Notification(MESSAGES[status], { body: title, tag: id, icon: button.dataset.icon });
      note.addEventListener("click", () => {
        window.focus();
        location.assign(address);
      });
    } catch {
      // Mobile browsers only allow this from a service worker, and we have none.
    }
  }
});

// Outside a secure context browsers refuse without asking.
if ("Notification" in window && window.isSecureContext) {
  button.hidden = false;
  button.addEventListener("click", toggle);
  updateSwitch();
}
