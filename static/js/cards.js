// Finished cards: moving over one scrubs through it, clicking plays it in place.
function scrubber(link) {
  return link.querySelector(".scrub");
}

function show(link, clientX) {
  const scrub = scrubber(link);
  if (!scrub) return;
  const frames = Number(scrub.dataset.frames);
  const columns = Number(scrub.dataset.columns);
  const box = link.getBoundingClientRect();
  const part = Math.min(0.999, Math.max(0, (clientX - box.left) / box.width));
  const frame = Math.floor(part * frames);
  const rows = Math.ceil(frames / columns);
  const along = (index, count) => (count > 1 ? (100 * index) / (count - 1) : 0);
  if (!scrub.style.backgroundImage) scrub.style.backgroundImage = `url("${scrub.dataset.sheet}")`;
  scrub.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
  scrub.style.backgroundPosition = `${along(frame % columns, columns)}% ${along(Math.floor(frame / columns), rows)}%`;
  scrub.querySelector(".scrub__line").style.inlineSize = `${part * 100}%`;
  scrub.hidden = false;
}

// The sheet is fetched when the pointer comes near, and shown once it is there: no flash of nothing.
const sheets = new Map();
function ready(url) {
  if (!sheets.has(url)) {
    const image = new Image();
    image.src = url;
    sheets.set(url, image);
  }
  return sheets.get(url).complete;
}

document.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "mouse") return;
  const link = event.target.closest?.("a[data-play]");
  const scrub = link && scrubber(link);
  if (scrub && ready(scrub.dataset.sheet)) show(link, event.clientX);
});

document.addEventListener("pointerout", (event) => {
  const link = event.target.closest?.("a[data-play]");
  if (!link || link.contains(event.relatedTarget)) return;
  const scrub = scrubber(link);
  if (scrub) scrub.hidden = true;
});

function play(link) {
  for (const other of document.querySelectorAll(".stage video")) other.pause();
  const video = document.createElement("video");
  const poster = link.querySelector(".stage__picture");
  Object.assign(video, { src: link.dataset.play, controls: true, autoplay: true, loop: true, playsInline: true });
  if (poster) video.poster = poster.src;
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
