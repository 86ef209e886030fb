// Cards of finished videos: moving the pointer over one scrubs through it, a click plays it in place.
function scrubOf(link) {
  return link.querySelector(".scrub");
}

function showFrame(link, clientX) {
  const scrub = scrubOf(link);
  if (!scrub) return;
  const frames = Number(scrub.dataset.frames);
  const columns = Number(scrub.dataset.columns);
  const box = link.getBoundingClientRect();
  const position = Math.min(0.999, Math.max(0, (clientX - box.left) / box.width));
  const frame = Math.floor(position * frames);
  const rows = Math.ceil(frames / columns);
  const offset = (index, count) => (count > 1 ? (100 * index) / (count - 1) : 0);
  if (!scrub.style.backgroundImage) scrub.style.backgroundImage = `url("${scrub.dataset.scrubSheet}")`;
  scrub.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
  scrub.style.backgroundPosition = `${offset(frame % columns, columns)}% ${offset(Math.floor(frame / columns), rows)}%`;
  scrub.querySelector(".scrub__line").style.inlineSize = `${position * 100}%`;
  scrub.hidden = false;
}

// The scrub sheet is loaded on first hover and shown once it has arrived, so the card never flashes empty.
const sheets = new Map();
function isLoaded(url) {
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
