// Cards of finished videos: moving the pointer over one scrubs through it, a click plays it in place.
import { keepSound } from "./playback-memory.js";
import { isLoaded, showTile } from "./scrub-sheet.js";

function scrubOf(link) {
  return link.querySelector(".scrub");
}

function showFrame(link, clientX) {
  const scrub = scrubOf(link);
  const box = link.getBoundingClientRect();
  const position = Math.min(0.999, Math.max(0, (clientX - box.left) / box.width));
  showTile(scrub, position);
  scrub.querySelector(".scrub__line").style.inlineSize = `${position * 100}%`;
  scrub.hidden = false;
}

document.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "mouse") return;
  const link = event.target.closest?.("a[data-play]");
  const scrub = link && scrubOf(link);
  if (scrub && isLoaded(scrub.dataset.scrubSheet)) showFrame(link, event.clientX);
});

document.addEventListener("pointerout", (event) => {
  const link = event.target.closest?.("a[data-play]");
  if (!link || link.contains(event.relatedTarget)) return;
  const scrub = scrubOf(link);
  if (scrub) scrub.hidden = true;
});

// A finger on the card: card-touch.js says when it goes along the row.
document.addEventListener("studio:scrub", ({ target, detail }) => {
  const scrub = scrubOf(target);
  if (scrub && isLoaded(scrub.dataset.scrubSheet)) showFrame(target, detail.clientX);
});
document.addEventListener("studio:scrub-end", ({ target }) => {
  for (const scrub of target.querySelectorAll(".scrub")) scrub.hidden = true;
});

function play(link) {
  for (const other of document.querySelectorAll(".media video")) other.pause();
  const video = document.createElement("video");
  const poster = link.querySelector(".media__poster");
  Object.assign(video, { src: link.dataset.play, controls: true, autoplay: true, loop: true, playsInline: true });
  if (poster) video.poster = poster.src;
  keepSound(video);
  video.setAttribute("aria-label", link.getAttribute("aria-label"));
  link.replaceWith(video);
  video.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-play]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  play(link);
});
