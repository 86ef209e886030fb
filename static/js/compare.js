// One set of playback controls for all videos. They start, stop and seek together and are resynchronised when they
// drift apart.
import { gettext, interpolate } from "./texts.js";

let videos = [...document.querySelectorAll(".take__player")];
const controls = document.getElementById("transport");
const slider = controls.querySelector("[data-seek]");
const clock = controls.querySelector("[data-clock]");
const playButton = controls.querySelector("[data-play]");
const pauseButton = controls.querySelector("[data-pause]");
const sound = controls.querySelector("[data-sound]");
const MAX_DRIFT = 0.08; // seconds
const FRAME = 1 / 24;
const TENTHS = new Intl.NumberFormat(document.documentElement.lang, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  useGrouping: false,
});

let playing = false;
let position = 0; // seconds, shared by all videos
let positionAt = 0; // performance.now() at the time of `position`

const duration = () => Math.max(0, ...videos.map((video) => (Number.isFinite(video.duration) ? video.duration : 0)));
const end = (video) => Math.max(0, (video.duration || 0) - 0.001);

function currentPosition() {
  return playing ? Math.min(duration(), position + (performance.now() - positionAt) / 1000) : position;
}

function render() {
  const current = currentPosition();
  slider.max = duration().toFixed(2);
  if (document.activeElement !== slider || playing) slider.value = current;
  const told = { position: TENTHS.format(current), total: TENTHS.format(duration()) };
  slider.setAttribute("aria-valuetext", interpolate(gettext("%(position)s of %(total)s seconds"), told, true));
  const minutes = Math.floor(current / 60);
  const seconds = String(Math.floor(current % 60)).padStart(2, "0");
  clock.textContent = `${minutes}:${seconds}.${Math.floor((current * 10) % 10)}`;
  playButton.hidden = playing;
  pauseButton.hidden = !playing;
}

function seek(seconds) {
  position = Math.min(Math.max(0, seconds), duration());
  positionAt = performance.now();
  for (const video of videos) video.currentTime = Math.min(position, end(video));
  render();
}

async function play() {
  if (currentPosition() >= duration() - 0.01) seek(0);
  const ready = videos.filter((video) => position < end(video));
  playing = true;
  await Promise.allSettled(ready.map((video) => video.play()));
  positionAt = performance.now();
  requestAnimationFrame(tick);
  render();
}

function pause() {
  position = currentPosition();
  playing = false;
  for (const video of videos) video.pause();
  seek(position);
}

function tick() {
  if (!playing) return;
  const current = currentPosition();
  if (current >= duration()) {
    pause();
    return;
  }
  // A video that is buffering holds up the others; a video that has drifted is moved to the shared position.
  const buffering = videos.find((video) => current < end(video) && video.readyState < 3 && !video.seeking);
  if (buffering) {
    position = Math.min(current, buffering.currentTime);
    positionAt = performance.now();
  }
  for (const video of videos) {
    if (current >= end(video)) continue;
    if (!video.seeking && Math.abs(video.currentTime - current) > MAX_DRIFT) video.currentTime = current;
    if (video.paused) video.play().catch(() => {});
  }
  render();
  requestAnimationFrame(tick);
}

// --- The chosen video: it is the one that is heard, and that the keys decide about -------------------------------
const takeOf = (element) => element?.closest(".take");
let chosen = videos[0];

function applySound() {
  const on = sound.getAttribute("aria-pressed") === "true";
  for (const video of videos) {
    const isHeard = on && video === chosen;
    video.muted = !isHeard;
    takeOf(video).querySelector("[data-hear]").setAttribute("aria-pressed", String(isHeard));
    takeOf(video).classList.toggle("take--chosen", video === chosen);
  }
}

function choose(video) {
  if (!video) return false;
  chosen = video;
  applySound();
  return true;
}

function setSound(on) {
  sound.setAttribute("aria-pressed", String(on));
  applySound();
}

function toggleSound() {
  setSound(sound.getAttribute("aria-pressed") !== "true");
}

function clickIn(take, name) {
  const control = take?.querySelector(`[data-${name}]`);
  control?.click();
  return Boolean(control);
}

// A rejected video leaves the page, with its column.
function remove(id) {
  const take = document.getElementById(`take-${id}`);
  if (!take) return;
  const hadFocus = take.contains(document.activeElement);
  for (const cell of document.querySelectorAll(`[data-column="${take.dataset.number}"]`)) cell.remove();
  videos = videos.filter((video) => takeOf(video) !== take);
  for (const input of document.querySelectorAll(`input[name="other"][value="${CSS.escape(id)}"]`)) input.remove();
  take.remove();
  const grid = document.getElementById("takes");
  grid.dataset.count = videos.length;
  if (!videos.length) location.assign(grid.dataset.library);
  else if (!videos.includes(chosen)) choose(videos[0]);
  if (hadFocus) document.getElementById("main").focus({ preventScroll: true });
}

document.body.addEventListener("studio:judged", ({ detail }) => {
  for (const id of detail.removed) remove(id);
  if (detail.removed.length) document.getElementById("decision").replaceChildren();
  for (const take of document.querySelectorAll(".take")) take.classList.toggle("take--used", take.id === `take-${detail.chosen}`);
});

const DECISIONS = { u: "use", f: "favourite", x: "reject" };
document.addEventListener("studio:player-key", (event) => {
  const { key, repeat } = event.detail;
  const video = /^[1-9]$/.test(key) && videos.find((each) => takeOf(each).dataset.number === key);
  if (repeat || !(choose(video) || (Object.hasOwn(DECISIONS, key) && clickIn(takeOf(chosen), DECISIONS[key])))) return;
  event.preventDefault();
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-hear]");
  if (!button) return;
  const isHeard = button.getAttribute("aria-pressed") === "true";
  choose(takeOf(button).querySelector("video"));
  setSound(!isHeard);
});

const SHORTCUTS = {
  " ": () => (playing ? pause() : play()),
  ArrowLeft: () => (pause(), seek(position - FRAME)),
  ArrowRight: () => (pause(), seek(position + FRAME)),
  Home: () => seek(0),
  End: () => (pause(), seek(duration())),
  m: toggleSound,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !SHORTCUTS[event.key]) return;
  if (event.target.matches("summary, a") || (event.key === " " && event.target.matches("button"))) return;
  event.preventDefault();
  SHORTCUTS[event.key]();
});
playButton.addEventListener("click", async () => {
  await play();
  pauseButton.focus();
});
pauseButton.addEventListener("click", () => {
  pause();
  playButton.focus();
});
slider.addEventListener("input", () => seek(Number(slider.value)));
sound.addEventListener("click", toggleSound);

for (const video of videos) {
  video.controls = false;
  video.muted = true;
  video.addEventListener("loadedmetadata", render);
  // The first click on another video moves the sound to it, a further one plays or pauses all.
  video.addEventListener("click", () => (video === chosen ? SHORTCUTS[" "]() : choose(video)));
  takeOf(video).querySelector("[data-hear]").hidden = false;
}
controls.hidden = false;
applySound();
render();
