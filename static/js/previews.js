// Finished videos that play in their cards without sound: the one that the mouse rests on, and, where the view menu
// says so, those that are in view. Only small files, a few at a time, and none where people asked for less motion
// or less traffic.
const MAX_PLAYING = 12;
const MAX_BYTES = 8_000_000;
const REST = 600; // milliseconds that the mouse rests on a card
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const playing = new Map(); // the link of a card, and the video in it
const inView = new Set();

const cards = () => document.getElementById("cards");
const isSlow = () => navigator.connection?.saveData || /2g|3g/.test(navigator.connection?.effectiveType ?? "");
const isAllowed = () => !document.hidden && !calm.matches && !isSlow();
const isSmall = (link) => Number(link.dataset.bytes) > 0 && Number(link.dataset.bytes) <= MAX_BYTES;

function start(link) {
  if (playing.has(link) || playing.size >= MAX_PLAYING || !isSmall(link) || !isAllowed()) return;
  const video = document.createElement("video");
  Object.assign(video, { src: link.dataset.play, muted: true, loop: true, playsInline: true, className: "preview" });
  video.tabIndex = -1;
  video.setAttribute("aria-hidden", "true");
  video.disableRemotePlayback = true;
  playing.set(link, video);
  // The picture stays until there is one of the video, and where there is none.
  video.addEventListener("loadeddata", () => playing.get(link) === video && link.querySelector(".media__poster")?.after(video));
  video.addEventListener("error", () => stop(link));
  video.play().catch(() => {});
}

function stop(link) {
  const video = playing.get(link);
  if (!video) return;
  playing.delete(link);
  video.pause();
  video.remove();
  video.removeAttribute("src");
  video.load(); // ends the download
}

// --- All that is in view -----------------------------------------------------------------------------------
function update() {
  const wanted = cards()?.hasAttribute("data-previews") && isAllowed();
  for (const link of playing.keys()) if (!link.isConnected || !wanted || !inView.has(link)) stop(link);
  if (wanted) for (const link of inView) start(link);
}

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inView.add(target);
      else inView.delete(target);
    }
    update();
  },
  { threshold: 0.6 },
);

function observeCards() {
  for (const link of inView) if (!link.isConnected) inView.delete(link);
  for (const link of document.querySelectorAll("#cards a[data-play]")) observer.observe(link);
  update();
}

for (const event of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(event, observeCards);
for (const event of ["studio:view-changed", "visibilitychange"]) document.addEventListener(event, update);
calm.addEventListener("change", update);
observeCards();

// --- The one under the mouse -------------------------------------------------------------------------------
let timer = 0;

document.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "mouse" || cards()?.hasAttribute("data-previews")) return;
  clearTimeout(timer);
  const link = event.target.closest?.("#cards a[data-play]");
  for (const other of playing.keys()) if (other !== link) stop(other);
  if (!link) return;
  timer = setTimeout(() => {
    if (!link.matches(":hover")) return;
    const scrub = link.querySelector(".scrub");
    if (isSmall(link) && isAllowed() && scrub) scrub.hidden = true;
    start(link);
  }, REST);
});
