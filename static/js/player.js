// Keys for the player of the page. Which presses are meant for it, and whether people want single keys at all,
// keys.js knows: it offers them, and taking the event says that it is done.
const FRAME = 1 / 24;
const LONG = 30; // seconds; a longer film is gone through in larger steps
const KEEP = "input, select, textarea, video"; // they know what these keys mean
const PRESSED = "button, summary"; // these know what the space bar means

const player = () => document.getElementById("player");
const step = (film) => (film.duration > LONG ? 5 : 1);

function seek(film, seconds) {
  const end = Number.isFinite(film.duration) ? film.duration : film.currentTime;
  film.currentTime = Math.min(Math.max(0, seconds), end);
}

function nudge(film, frames) {
  film.pause();
  seek(film, film.currentTime + frames * FRAME);
}

function toggle(film) {
  if (film.paused) film.play().catch(() => {}); // a file that cannot be played says so in its own controls
  else film.pause();
}

const KEYS = {
  " ": (film, { repeat }) => repeat || toggle(film),
  ArrowLeft: (film, { shiftKey }) => (shiftKey ? nudge(film, -1) : seek(film, film.currentTime - step(film))),
  ArrowRight: (film, { shiftKey }) => (shiftKey ? nudge(film, 1) : seek(film, film.currentTime + step(film))),
  ",": (film) => nudge(film, -1),
  ".": (film) => nudge(film, 1),
  Home: (film) => seek(film, 0),
  End: (film) => seek(film, Infinity),
  m: (film) => (film.muted = !film.muted),
};

document.addEventListener("studio:key", (event) => {
  const { key, shiftKey, target } = event.detail;
  const film = player();
  const shifted = shiftKey && !key.startsWith("Arrow");
  if (!film || !Object.hasOwn(KEYS, key) || shifted || target.closest?.(KEEP)) return;
  if (key === " " && target.closest?.(PRESSED)) return;
  KEYS[key](film, event.detail);
  event.preventDefault();
});

// A click on the player leaves the keys with the page: only who came to it by Tab wants its own.
document.addEventListener("focusin", ({ target }) => {
  if (target !== player() || target.matches(":focus-visible")) return;
  document.addEventListener("pointerup", () => setTimeout(() => target.blur()), { once: true });
});
