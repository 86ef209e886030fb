// Shortcuts for the player of the page. shortcuts.js decides which key presses are meant for it and whether
// single-key shortcuts are on: it dispatches them as events, and preventDefault() says that one was handled.
const FRAME = 1 / 24;
const LONG = 30; // seconds; longer videos are skipped through in larger steps
const OWN_KEYS = "input, select, textarea, video"; // elements that use these keys themselves
const SPACE_ACTIVATED = "button, summary"; // elements that the space bar activates

const player = () => document.getElementById("player");

function seek(video, seconds) {
  const end = Number.isFinite(video.duration) ? video.duration : video.currentTime;
  video.currentTime = Math.min(Math.max(0, seconds), end);
}

function skip(video, direction) {
  seek(video, video.currentTime + direction * (video.duration > LONG ? 5 : 1));
}

function stepFrames(video, frames) {
  video.pause();
  seek(video, video.currentTime + frames * FRAME);
}

function toggle(video) {
  if (video.paused) video.play().catch(() => {}); // a file that cannot be played shows so in its own controls
  else video.pause();
}

const SHORTCUTS = {
  " ": (video, { repeat }) => repeat || toggle(video),
  ArrowLeft: (video, { shiftKey }) => (shiftKey ? stepFrames(video, -1) : skip(video, -1)),
  ArrowRight: (video, { shiftKey }) => (shiftKey ? stepFrames(video, 1) : skip(video, 1)),
  ",": (video) => stepFrames(video, -1),
  ".": (video) => stepFrames(video, 1),
  Home: (video) => seek(video, 0),
  End: (video) => seek(video, Infinity),
  m: (video) => (video.muted = !video.muted),
};

document.addEventListener("studio:player-key", (event) => {
  const { key, shiftKey, target } = event.detail;
  const video = player();
  const isShifted = shiftKey && !key.startsWith("Arrow");
  if (!video || !Object.hasOwn(SHORTCUTS, key) || isShifted || target.closest?.(OWN_KEYS)) return;
  if (key === " " && target.closest?.(SPACE_ACTIVATED)) return;
  SHORTCUTS[key](video, event.detail);
  event.preventDefault();
});

// After a click on the player the shortcuts stay with the page: only people who reach it with Tab want its own keys.
document.addEventListener("focusin", ({ target }) => {
  if (target !== player() || target.matches(":focus-visible")) return;
  document.addEventListener("pointerup", () => setTimeout(() => target.blur()), { once: true });
});
