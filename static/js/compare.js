// One set of playback controls for all videos. They start, stop and seek together and are resynchronised when they
// drift apart.
const videos = [...document.querySelectorAll(".take__player")];
const controls = document.getElementById("transport");
const slider = controls.querySelector("[data-seek]");
const clock = controls.querySelector("[data-clock]");
const playButton = controls.querySelector("[data-play]");
const pauseButton = controls.querySelector("[data-pause]");
const sound = controls.querySelector("[data-sound]");
const MAX_DRIFT = 0.08; // seconds
const FRAME = 1 / 24;

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
  slider.setAttribute("aria-valuetext", `${current.toFixed(1)} of ${duration().toFixed(1)} seconds`);
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

function toggleSound() {
  const on = sound.getAttribute("aria-pressed") !== "true";
  sound.setAttribute("aria-pressed", String(on));
  videos[0].muted = !on;
}

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
  video.addEventListener("click", () => SHORTCUTS[" "]());
}
controls.hidden = false;
render();
