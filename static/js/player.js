// The player of a page, and its keys: for the whole page where shortcuts.js offers them, else while it has the focus.
import {
  changeSpeed,
  enhance,
  seek,
  skip,
  stepFrames,
  toggle,
  toggleFullScreen,
  toggleLoop,
  togglePictureInPicture,
} from "./player-controls.js";
import { measureFrameRate } from "./player-frames.js";

const SPACE_ACTIVATED = "button, summary, input"; // elements that the space bar activates
const ARROWS_ARE_OWN = "[type='radio'], [data-volume], select, textarea"; // elements that arrows change
const hasPageKeys = Boolean(document.getElementById("shortcuts"));

const SHORTCUTS = {
  " ": (video, { repeat }) => repeat || toggle(video),
  ArrowLeft: (video, { shiftKey }) => (shiftKey ? stepFrames(video, -1) : skip(video, -1)),
  ArrowRight: (video, { shiftKey }) => (shiftKey ? stepFrames(video, 1) : skip(video, 1)),
  ",": (video) => stepFrames(video, -1),
  ".": (video) => stepFrames(video, 1),
  "<": (video) => changeSpeed(video, -1),
  ">": (video) => changeSpeed(video, 1),
  Home: (video) => seek(video, 0),
  End: (video) => seek(video, Infinity),
  m: (video) => (video.muted = !video.muted),
  l: (video, { repeat }) => repeat || toggleLoop(video),
  i: (video, { repeat }) => repeat || togglePictureInPicture(video),
  F: (video, { repeat }) => repeat || toggleFullScreen(video),
};
const IS_SHIFTED = /^(Arrow|[<>F]$)/; // with the Shift key too

// Returns whether the key was for the player.
function handle(video, { key, shiftKey, repeat, target }) {
  if (!video || !Object.hasOwn(SHORTCUTS, key) || (shiftKey && !IS_SHIFTED.test(key))) return false;
  if (key === " " && target.closest?.(SPACE_ACTIVATED) && !target.matches("[data-seek]")) return false;
  if (/^(Arrow|Home|End)/.test(key) && target.closest?.(ARROWS_ARE_OWN)) return false;
  SHORTCUTS[key](video, { shiftKey, repeat });
  return true;
}

document.addEventListener("studio:player-key", (event) => {
  const video = document.getElementById("player");
  if (handle(video, event.detail)) event.preventDefault();
});

// Within the player its keys work though single-key shortcuts are off. Letters are the page's, where it has some, but
// on sliders, which the page keeps away from.
document.addEventListener("keydown", (event) => {
  const root = event.target.closest?.("[data-player]");
  if (!root || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (hasPageKeys && /^[a-z]$/i.test(event.key) && !event.target.matches("[type='range']")) return;
  if (handle(root.querySelector("video"), event)) event.preventDefault();
});

function enhanceAll() {
  for (const root of document.querySelectorAll("[data-player]")) enhance(root);
}

// The page of a video tells how many frames a second it has, once somebody opens its details.
async function tellFrameRate() {
  const row = document.querySelector("details[open] [data-frame-rate][hidden]");
  const video = document.getElementById("player");
  if (!row || !video) return;
  const rate = await measureFrameRate(video);
  if (!rate) return;
  const shown = rate.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });
  row.querySelector("dd").textContent = row.dataset.frameRate.replace("{rate}", shown);
  row.hidden = false;
}

document.querySelector("details:has(#metadata)")?.addEventListener("toggle", tellFrameRate);
document.addEventListener("htmx:oobAfterSwap", enhanceAll); // a video that has just been finished
enhanceAll();
