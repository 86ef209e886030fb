// The studio's controls of one player. The browser's own stay where this cannot run.
import { frameAt, frameCount, frameRateOf, saveFrame, timeOfFrame } from "./player-frames.js";
import { SPEEDS, keepSound, recall, remember } from "./playback-memory.js";
import { fill, formatClock, initialiseScrub } from "./player-scrub.js";

const LONG = 30; // seconds; longer videos are skipped through in larger steps
const REST = 2500; // milliseconds without a touch or a movement, after which the controls fade
const DOUBLE_TAP = 300; // milliseconds
const RETRY_AFTER = 10_000; // milliseconds
const LEAST_HEARD = 0.5; // seconds of playback after which it is clear whether there is sound

export function seek(video, seconds) {
  const end = Number.isFinite(video.duration) ? video.duration : video.currentTime;
  video.currentTime = Math.min(Math.max(0, seconds), end);
}

export function skip(video, direction) {
  seek(video, video.currentTime + direction * (video.duration > LONG ? 5 : 1));
}

export async function stepFrames(video, frames) {
  video.pause();
  const rate = await frameRateOf(video);
  video.currentTime = timeOfFrame(video, rate, frameAt(video, rate, video.currentTime) + frames);
}

export function toggle(video) {
  if (video.paused) video.play().catch(() => {}); // a file that cannot be played says so
  else video.pause();
}

export function changeSpeed(video, direction) {
  const faster = SPEEDS.find((each) => each > video.playbackRate);
  const slower = SPEEDS.findLast((each) => each < video.playbackRate);
  const speed = direction > 0 ? faster : slower;
  if (speed) video.playbackRate = speed;
}

export function toggleLoop(video) {
  video.loop = !video.loop;
  remember({ loop: video.loop });
  video.dispatchEvent(new Event("loopchange")); // browsers have no event for it
}

export function toggleFullScreen(video) {
  const root = video.closest("[data-player]");
  if (document.fullscreenElement) document.exitFullscreen();
  else if (root.requestFullscreen) root.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.(); // phones that show nothing but a video so
}

export function togglePictureInPicture(video) {
  if (document.pictureInPictureElement) document.exitPictureInPicture();
  else video.requestPictureInPicture?.().catch(() => {});
}

// Whether the file has sound, as far as the browser tells; null until it is known.
function hasSound(video) {
  if (!video.readyState) return null;
  if (typeof video.mozHasAudio === "boolean") return video.mozHasAudio;
  if (video.audioTracks) return video.audioTracks.length > 0;
  if (video.webkitAudioDecodedByteCount > 0) return true;
  const isClear = !video.muted && video.played.length && video.played.end(0) - video.played.start(0) > LEAST_HEARD;
  return isClear && video.webkitAudioDecodedByteCount === 0 ? false : null;
}

// A button has two names: which one holds is told by `isOther`.
function relabel(button, isOther) {
  button.dataset.first ??= button.getAttribute("aria-label");
  button.setAttribute("aria-label", isOther ? button.dataset.other : button.dataset.first);
  button.toggleAttribute("data-is-other", isOther);
}

function initialisePlayback(root, video) {
  const [start, play] = root.querySelectorAll("[data-toggle]");
  const render = () => {
    relabel(play, !video.paused);
    start.hidden = !video.paused || video.seeking || video.readyState === 0;
    root.toggleAttribute("data-playing", !video.paused);
  };
  for (const button of [start, play]) button.addEventListener("click", () => toggle(video));
  for (const event of ["play", "pause", "ended", "loadedmetadata", "seeking", "seeked"]) video.addEventListener(event, render);
  for (const button of root.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => stepFrames(video, Number(button.dataset.step)));
  }
  render();
}

function initialiseTime(root, video) {
  const clock = root.querySelector("[data-clock]");
  const frame = root.querySelector("[data-frame]");
  let rate = null;
  const render = () => {
    clock.textContent = formatClock(video.currentTime);
    if (!rate || !video.paused || !video.duration) return (frame.textContent = "");
    const number = frameAt(video, rate, video.currentTime) + 1;
    const text = frame.dataset.text.replace("{frame}", number);
    return (frame.textContent = text.replace("{total}", frameCount(video, rate)));
  };
  const learn = async () => {
    if (rate || !video.readyState) return;
    rate = await frameRateOf(video);
    render();
  };
  for (const event of ["pause", "seeked"]) video.addEventListener(event, learn);
  for (const event of ["timeupdate", "seeking", "seeked", "play", "pause"]) video.addEventListener(event, render);
  render();
}

function initialiseSound(root, video) {
  const mute = root.querySelector("[data-mute]");
  const volume = root.querySelector("[data-volume]");
  const render = () => {
    const level = video.muted ? 0 : video.volume;
    relabel(mute, level === 0);
    volume.value = level * 100;
    volume.setAttribute("aria-valuetext", `${Math.round(level * 100)} %`);
    fill(volume, "--played", level);
  };
  const tellSilence = () => {
    if (mute.disabled || hasSound(video) !== false) return;
    relabel(mute, true);
    mute.setAttribute("aria-label", mute.dataset.silent);
    mute.title = mute.dataset.silent;
    mute.disabled = true;
    volume.hidden = true;
  };
  mute.addEventListener("click", () => {
    if (!video.muted && video.volume === 0) video.volume = 1;
    else video.muted = !video.muted;
  });
  volume.addEventListener("input", () => Object.assign(video, { volume: volume.value / 100, muted: volume.value === "0" }));
  keepSound(video);
  for (const event of ["loadeddata", "timeupdate", "pause", "ended"]) video.addEventListener(event, tellSilence);
  video.addEventListener("volumechange", () => mute.disabled || render());
  render();
  tellSilence();
}

function initialiseMemory(root, video) {
  const loop = root.querySelector("[data-loop]");
  const speeds = [...root.querySelectorAll("[name='player-speed']")];
  const { loop: isLooping, speed } = recall();
  const render = () => {
    loop.setAttribute("aria-pressed", String(video.loop));
    for (const radio of speeds) radio.checked = Number(radio.value) === video.playbackRate;
  };
  // The default rate too: a browser goes back to it when it loads the file.
  Object.assign(video, { loop: isLooping || video.loop, defaultPlaybackRate: speed, playbackRate: speed });
  loop.addEventListener("click", () => toggleLoop(video));
  for (const radio of speeds) radio.addEventListener("change", () => (video.playbackRate = Number(radio.value)));
  video.addEventListener("loopchange", render);
  video.addEventListener("ratechange", () => {
    remember({ speed: video.playbackRate });
    render();
  });
  render();
}

function initialiseMenu(root, video) {
  const menu = root.querySelector(".player__menu");
  const save = root.querySelector("[data-save-frame]");
  const small = root.querySelector("[data-picture-in-picture]");
  const close = () => (menu.open = false);
  small.hidden = !document.pictureInPictureEnabled || !video.requestPictureInPicture;
  small.addEventListener("click", () => (togglePictureInPicture(video), close()));
  save?.addEventListener("click", () => {
    if (!video.played.length && !video.currentTime) video.currentTime = 0; // shows the first frame, not the poster
    saveFrame(video).then(close, () => (save.disabled = true));
  });
  document.addEventListener("pointerdown", ({ target }) => menu.contains(target) || close());
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    close();
    menu.querySelector("summary").focus();
  });
}

function initialiseFullScreen(root, video) {
  const button = root.querySelector("[data-full-screen]");
  button.hidden = !document.fullscreenEnabled && !video.webkitEnterFullscreen;
  button.addEventListener("click", () => toggleFullScreen(video));
  root.addEventListener("fullscreenchange", () => relabel(button, document.fullscreenElement === root));
}

// The controls fade while it plays and nobody does anything; they stay for a keyboard's focus and an open menu.
function initialiseFading(root, video) {
  let timer = null;
  const mayFade = () =>
    !video.paused && !root.querySelector(":focus-visible") && !root.querySelector(".player__menu[open]");
  const hide = () => root.toggleAttribute("data-idle", mayFade());
  const show = () => {
    root.removeAttribute("data-idle");
    clearTimeout(timer);
    timer = setTimeout(hide, REST);
  };
  root.addEventListener("pointermove", ({ pointerType }) => pointerType === "mouse" && show());
  root.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && hide());
  for (const event of ["focusin", "input", "click", "keydown"]) root.addEventListener(event, show);
  for (const event of ["play", "pause", "seeking"]) video.addEventListener(event, show);
  return { show, hide };
}

// A mouse plays with a click, and fills the screen with two. A finger shows and hides the controls, and skips with two
// taps at a side.
function initialiseStage(root, video, { show, hide }) {
  let [tappedAt, side] = [0, 0];
  let isTouch = false;
  video.addEventListener("pointerdown", ({ pointerType }) => (isTouch = pointerType === "touch"));
  video.addEventListener("click", (event) => {
    root.focus({ preventScroll: true }); // for the keys of pages that have no others
    if (!isTouch) return toggle(video);
    event.stopPropagation();
    const box = video.getBoundingClientRect();
    const along = (event.clientX - box.left) / box.width;
    const tapped = along < 1 / 3 ? -1 : along > 2 / 3 ? 1 : 0;
    const isSecond = tapped && tapped === side && event.timeStamp - tappedAt < DOUBLE_TAP;
    [tappedAt, side] = [event.timeStamp, tapped];
    if (isSecond) {
      skip(video, tapped);
      show();
    } else if (root.hasAttribute("data-idle") || video.paused) show();
    else hide();
  });
  video.addEventListener("dblclick", () => isTouch || toggleFullScreen(video));
}

// Asks for the file again, and goes on where it was.
function reload(video) {
  const { currentTime, paused } = video;
  video.load();
  video.currentTime = currentTime;
  if (!paused) video.play().catch(() => {}); // what fails has an event of its own
}

function hasTheRest({ buffered, currentTime, duration }) {
  for (let part = 0; part < buffered.length; part++) {
    if (buffered.start(part) <= currentTime && buffered.end(part) >= duration - 0.1) return true;
  }
  return false;
}

// A browser goes on with the address in an object store that it was sent to, which ends: after seconds on a page for
// visitors, where the player does not wait for the error, which Safari does not tell. On other pages it does, and asks
// again once. What cannot be played at all is told in a sentence.
function initialiseErrors(root, video) {
  const problem = root.querySelector(".player__problem");
  const life = 900 * Number(root.dataset.addressSeconds) || Infinity; // milliseconds, a tenth to be safe
  let [loadedAt, wasLoaded] = [performance.now(), video.readyState > 0];
  const age = () => performance.now() - loadedAt;
  const renew = () => {
    loadedAt = performance.now();
    reload(video);
  };
  for (const event of ["play", "seeking"]) {
    video.addEventListener(event, () => age() > life && !hasTheRest(video) && renew());
  }
  video.addEventListener("error", () => {
    const isWorthIt = wasLoaded && age() > RETRY_AFTER;
    problem.hidden = isWorthIt;
    if (isWorthIt) renew();
  });
  // Counted anew once it has come, however long that took: or a slow line would ask for ever.
  video.addEventListener("loadedmetadata", () => ([loadedAt, wasLoaded] = [performance.now(), true]));
  video.addEventListener("loadeddata", () => (problem.hidden = true));
  problem.hidden = !video.error;
}

const PARTS = [
  initialisePlayback,
  initialiseTime,
  initialiseSound,
  initialiseMemory,
  initialiseMenu,
  initialiseFullScreen,
  initialiseScrub,
  initialiseErrors,
];

// Puts the studio's controls in the place of the browser's, once.
export function enhance(root) {
  if (root.hasAttribute("data-enhanced")) return;
  root.setAttribute("data-enhanced", "");
  const video = root.querySelector("video");
  for (const initialise of PARTS) initialise(root, video);
  initialiseStage(root, video, initialiseFading(root, video));
  root.querySelector(".player__controls").hidden = false;
  video.controls = false;
}
