// One transport for all: they start, stop and seek together, and are brought back in step when they drift.
const films = [...document.querySelectorAll(".take__film")];
const bar = document.getElementById("transport");
const seek = bar.querySelector("[data-seek]");
const clock = bar.querySelector("[data-clock]");
const playButton = bar.querySelector("[data-play]");
const pauseButton = bar.querySelector("[data-pause]");
const sound = bar.querySelector("[data-sound]");
const DRIFT = 0.08; // seconds apart before one is set right
const FRAME = 1 / 24;

let playing = false;
let position = 0; // seconds, of all of them
let since = 0; // when, by performance.now(), the position was so

const length = () => Math.max(0, ...films.map((film) => (Number.isFinite(film.duration) ? film.duration : 0)));
const end = (film) => Math.max(0, (film.duration || 0) - 0.001);

function now() {
  return playing ? Math.min(length(), position + (performance.now() - since) / 1000) : position;
}

function show() {
  const at = now();
  seek.max = length().toFixed(2);
  if (document.activeElement !== seek || playing) seek.value = at;
  seek.setAttribute("aria-valuetext", `${at.toFixed(1)} of ${length().toFixed(1)} seconds`);
  const minutes = Math.floor(at / 60);
  clock.textContent = `${minutes}:${String(Math.floor(at % 60)).padStart(2, "0")}.${Math.floor((at * 10) % 10)}`;
  playButton.hidden = playing;
  pauseButton.hidden = !playing;
}

function goTo(seconds) {
  position = Math.min(Math.max(0, seconds), length());
  since = performance.now();
  for (const film of films) film.currentTime = Math.min(position, end(film));
  show();
}

async function play() {
  if (now() >= length() - 0.01) goTo(0);
  const ready = films.filter((film) => position < end(film));
  playing = true;
  await Promise.allSettled(ready.map((film) => film.play()));
  since = performance.now();
  requestAnimationFrame(step);
  show();
}

function pause() {
  position = now();
  playing = false;
  for (const film of films) film.pause();
  goTo(position);
}

function step() {
  if (!playing) return;
  const at = now();
  if (at >= length()) {
    pause();
    return;
  }
  // Whoever waits for data holds up the others; otherwise whoever is off is set right.
  const waiting = films.find((film) => at < end(film) && film.readyState < 3 && !film.seeking);
  if (waiting) {
    position = Math.min(at, waiting.currentTime);
    since = performance.now();
  }
  for (const film of films) {
    if (at >= end(film)) continue;
    if (!film.seeking && Math.abs(film.currentTime - at) > DRIFT) film.currentTime = at;
    if (film.paused) film.play().catch(() => {});
  }
  show();
  requestAnimationFrame(step);
}

function toggleSound() {
  const on = sound.getAttribute("aria-pressed") !== "true";
  sound.setAttribute("aria-pressed", String(on));
  films[0].muted = !on;
}

const KEYS = {
  " ": () => (playing ? pause() : play()),
  ArrowLeft: () => (pause(), goTo(position - FRAME)),
  ArrowRight: () => (pause(), goTo(position + FRAME)),
  Home: () => goTo(0),
  End: () => (pause(), goTo(length())),
  m: toggleSound,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  if (event.target.matches("summary, a") || (event.key === " " && event.target.matches("button"))) return;
  event.preventDefault();
  KEYS[event.key]();
});
playButton.addEventListener("click", async () => {
  await play();
  pauseButton.focus();
});
pauseButton.addEventListener("click", () => {
  pause();
  playButton.focus();
});
seek.addEventListener("input", () => goTo(Number(seek.value)));
sound.addEventListener("click", toggleSound);

for (const film of films) {
  film.controls = false;
  film.muted = true;
  film.addEventListener("loadedmetadata", show);
  film.addEventListener("click", () => KEYS[" "]());
}
bar.hidden = false;
show();
