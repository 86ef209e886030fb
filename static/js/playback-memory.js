// What somebody chose for one video and expects of the next: volume, mute, loop and speed. Only this browser keeps it.
const STORAGE_KEY = "contentgen.playback";
export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
const IS_VALID = {
  volume: (value) => typeof value === "number" && value >= 0 && value <= 1,
  muted: (value) => typeof value === "boolean",
  loop: (value) => typeof value === "boolean",
  speed: (value) => SPEEDS.includes(value),
};

const chosen = { volume: 1, muted: false, loop: false, speed: 1 };
try {
  const stored = JSON.parse(localStorage.getItem(STORAGE_KEY)) ?? {};
  for (const [name, isValid] of Object.entries(IS_VALID)) if (isValid(stored[name])) chosen[name] = stored[name];
} catch {
  // Blocked, or written by something else: it begins as if nothing had been chosen.
}

export const recall = () => ({ ...chosen });

export function remember(changes) {
  Object.assign(chosen, changes);
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(chosen));
  } catch {
    // Blocked or full: it lasts until the page is left.
  }
}

// Gives the video the remembered sound, and remembers what becomes of it, whichever controls change it. One that
// is to be silent, beside a form, stays so and tells nothing of what people like.
export function keepSound(video) {
  if (video.defaultMuted) return;
  Object.assign(video, { volume: chosen.volume, muted: chosen.muted });
  video.addEventListener("volumechange", () => remember({ volume: video.volume, muted: video.muted }));
}
