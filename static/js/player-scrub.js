// The bar to seek with: what was played, what is loaded, and the scrub sheet's picture of the moment pointed at.
import { isLoaded, showTile } from "./scrub-sheet.js";

export function formatClock(seconds) {
  const total = Math.max(0, Math.floor(seconds));
  const pad = (n) => String(n).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

const BRIEFLY = 1200; // milliseconds
const THUMB = 14; // pixels: at either end of a slider the middle of its thumb is half of it from the edge

// Hundredths tell the moments of short videos apart.
const formatMoment = (seconds) => `${formatClock(seconds)}.${String(Math.floor((seconds * 100) % 100)).padStart(2, "0")}`;

// Fills the part of a slider before its thumb.
export function fill(slider, name, share) {
  slider.style.setProperty(name, `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`);
}

// Seeks again only when the browser has shown the last moment: a slow one then follows the finger without falling behind.
function seekWhenReady(video) {
  let wanted = null;
  video.addEventListener("seeked", () => {
    if (wanted === null) return;
    video.currentTime = wanted;
    wanted = null;
  });
  return (seconds) => {
    if (video.seeking) wanted = seconds;
    else video.currentTime = seconds;
  };
}

export function initialiseScrub(root, video) {
  const slider = root.querySelector("[data-seek]");
  const preview = root.querySelector(".player__preview");
  const tile = preview.querySelector(".player__tile");
  const moment = preview.querySelector(".player__moment");
  const seek = seekWhenReady(video);
  const duration = () => (Number.isFinite(video.duration) ? video.duration : Number(slider.max));
  let isHeld = false;
  let timer = null;

  function renderBar() {
    if (!isHeld) slider.value = video.currentTime;
    const position = Number(slider.value);
    const ranges = [...Array(video.buffered.length).keys()];
    const begun = ranges.filter((index) => video.buffered.start(index) <= position + 0.1);
    fill(slider, "--played", position / (duration() || 1));
    fill(slider, "--loaded", Math.max(0, ...begun.map((index) => video.buffered.end(index))) / (duration() || 1));
  }

  // While it plays, the time is not read out to whoever has the focus there.
  function renderText() {
    if (!video.paused && document.activeElement === slider) return;
    const text = slider.dataset.text.replace("{position}", formatMoment(Number(slider.value)));
    slider.setAttribute("aria-valuetext", text.replace("{total}", formatMoment(duration())));
  }

  function render() {
    renderBar();
    renderText();
  }

  function showPreview(position) {
    const width = slider.offsetWidth;
    moment.textContent = formatMoment(position * duration());
    if (tile) {
      tile.hidden = !isLoaded(tile.dataset.scrubSheet);
      showTile(tile, position);
    }
    preview.hidden = false;
    const half = preview.offsetWidth / 2;
    const centre = Math.min(width - half, Math.max(half, position * width));
    preview.style.insetInlineStart = `${centre - half}px`;
  }

  const hidePreview = () => (preview.hidden = true);

  // What a keyboard moves to is shown for a moment.
  function showBriefly() {
    if (isHeld || !slider.matches(":focus-visible")) return;
    showPreview(video.currentTime / (duration() || 1));
    clearTimeout(timer);
    timer = setTimeout(hidePreview, BRIEFLY);
  }

  slider.addEventListener("pointermove", (event) => {
    const box = slider.getBoundingClientRect();
    const along = (event.clientX - box.left - THUMB / 2) / (box.width - THUMB);
    showPreview(Math.min(1, Math.max(0, along)));
  });
  slider.addEventListener("pointerleave", () => isHeld || hidePreview());
  slider.addEventListener("pointerdown", () => (isHeld = true));
  for (const over of ["pointerup", "pointercancel", "change", "blur"]) {
    slider.addEventListener(over, (event) => {
      isHeld = false;
      if (event.pointerType !== "mouse" || !slider.matches(":hover")) hidePreview();
    });
  }
  slider.addEventListener("input", () => {
    seek(Number(slider.value));
    showPreview(Number(slider.value) / (duration() || 1));
    render();
  });
  slider.addEventListener("focus", () => tile && isLoaded(tile.dataset.scrubSheet));

  video.addEventListener("loadedmetadata", () => {
    slider.max = duration();
    render();
  });
  for (const event of ["timeupdate", "seeking", "seeked", "progress", "pause"]) video.addEventListener(event, render);
  video.addEventListener("seeking", showBriefly);
  // Four times a second is not smooth.
  video.addEventListener("play", function follow() {
    renderBar();
    if (!video.paused && video.isConnected) requestAnimationFrame(follow);
  });
  if (video.readyState) slider.max = duration();
  render();
}
