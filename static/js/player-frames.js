// The frames of a video: how many it has a second, which one is in view, and saving that one as a picture.
const USUAL_RATE = 24; // frames a second, where a browser does not tell
const COMMON_RATES = [...Array(121).keys()].slice(1).concat([24, 30, 48, 60, 120].map((rate) => (rate * 1000) / 1001));
const SAMPLES = 6; // frames to look at
const PATIENCE = 4000; // milliseconds
const NUDGE = 0.001; // seconds into a frame, so that rounding never shows the one before

// Plays the beginning of the file, unseen, and returns the time between two of its frames, or null. Frames that the
// browser skipped make longer gaps, so the shortest one counts.
async function shortestGap(source) {
  const probe = document.createElement("video");
  if (!probe.requestVideoFrameCallback) return null;
  Object.assign(probe, { muted: true, playsInline: true, preload: "auto", src: source });
  const times = [];
  await new Promise((resolve) => {
    setTimeout(resolve, PATIENCE);
    const note = (_, { mediaTime }) => {
      times.push(mediaTime);
      if (times.length < SAMPLES) probe.requestVideoFrameCallback(note);
      else resolve();
    };
    probe.requestVideoFrameCallback(note);
    for (const over of ["ended", "error"]) probe.addEventListener(over, resolve);
    probe.play().catch(resolve);
  });
  probe.removeAttribute("src");
  probe.load();
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  return gaps.filter((gap) => gap > 0.001).reduce((least, gap) => Math.min(least, gap), Infinity);
}

const rates = new Map(); // by address, promises

// Resolves to how many frames a second the video has, as far as the browser tells; else to null.
export function measureFrameRate(video) {
  const source = video.currentSrc;
  if (!rates.has(source)) {
    const measured = shortestGap(source).then((gap) => {
      if (!gap || !Number.isFinite(gap)) return null;
      const off = (rate) => Math.abs(1 / rate - gap);
      const nearest = COMMON_RATES.reduce((best, rate) => (off(rate) < off(best) ? rate : best));
      return off(nearest) < gap / 500 ? nearest : 1 / gap;
    });
    rates.set(source, measured);
  }
  return rates.get(source);
}

// Resolves to a number in any case, to count frames by.
export const frameRateOf = async (video) => (await measureFrameRate(video)) ?? USUAL_RATE;

export const frameCount = (video, rate) => Math.max(1, Math.round(video.duration * rate));

// Which frame is shown at this time, from 0.
export const frameAt = (video, rate, seconds) =>
  Math.min(frameCount(video, rate) - 1, Math.floor(seconds * rate + 0.01));

// The time at which a frame is surely shown; of the first or last frame beyond them.
export function timeOfFrame(video, rate, frame) {
  const index = Math.min(Math.max(0, frame), frameCount(video, rate) - 1);
  return index ? index / rate + NUDGE : 0;
}

async function draw(video) {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) throw new Error("no frame yet");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  // Throws where the file comes from an object store: a page must not read pictures from elsewhere.
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

// The same moment of the same file, sent by the studio itself.
async function relayed(video) {
  const copy = document.createElement("video");
  const address = new URL(video.src);
  address.searchParams.set("relayed", "1");
  Object.assign(copy, { muted: true, playsInline: true, preload: "auto", src: address.href });
  await new Promise((resolve, reject) => {
    copy.addEventListener("error", () => reject(new Error("no file")));
    copy.addEventListener("loadeddata", () => {
      copy.addEventListener("seeked", resolve);
      copy.currentTime = video.currentTime;
    });
  });
  return copy;
}

const nameOf = (video) =>
  (video.getAttribute("aria-label") ?? "")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "") || "video";

// Saves the frame in view, as large as the video is, under a name with its time. Throws when it cannot be had.
export async function saveFrame(video) {
  const blob = await draw(video).catch(async () => draw(await relayed(video)));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${nameOf(video)}-${video.currentTime.toFixed(3)}s.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
