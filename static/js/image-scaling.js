// Images with more pixels or bytes than the studio takes are scaled down before they are uploaded, upright and without
// their metadata. What the browser cannot show (a HEIC outside Safari) is sent as it is: the studio looks into it.
//
// Loaded before the modules that use the files. They hear of a choice by a change event only once it is ready, so
// whoever sets `files` dispatches one.
import { gettext, interpolate } from "./texts.js";

const MAX_SIDE = 4096; // the studio keeps no more
const QUALITY = 0.92;
const BACKGROUND = "rgb(128 128 128)"; // what the studio lays transparent images on

function draw(image, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = BACKGROUND;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

// Returns the file to upload, and what to say of it.
async function scaleDown(file, maxPixels, maxBytes) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode(); // turned upright, as its size is
    const { naturalWidth: width, naturalHeight: height } = image;
    if (width * height <= maxPixels && file.size <= maxBytes) return { file };
    const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
    const size = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    const content = await draw(image, ...size);
    if (!content) return { file };
    const name = `${file.name.replace(/\.[^.]*$/, "")}.jpg`;
    const sizes = { name: file.name, before: `${width} × ${height}`, after: size.join(" × ") };
    const note = interpolate(gettext("%(name)s was scaled down from %(before)s to %(after)s pixels."), sizes, true);
    return { file: new File([content], name, { type: "image/jpeg" }), note };
  } catch {
    return { file };
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

function announce(input, notes) {
  const status = document.getElementById(input.dataset.scaledNote);
  status.textContent = notes.join(" ");
  status.hidden = !notes.length;
}

async function prepare(input) {
  const chosen = [...input.files];
  const { maxPixels, maxBytes } = input.dataset;
  const ready = [];
  for (const file of chosen) ready.push(await scaleDown(file, Number(maxPixels), Number(maxBytes)));
  if (input.files.length !== chosen.length || chosen.some((file, index) => file !== input.files[index])) return;
  const notes = ready.flatMap(({ note }) => note ?? []);
  if (notes.length) {
    const transfer = new DataTransfer();
    for (const { file } of ready) transfer.items.add(file);
    input.files = transfer.files;
  }
  announce(input, notes);
  input.dispatchEvent(Object.assign(new Event("change", { bubbles: true }), { isReady: true }));
}

document.addEventListener(
  "change",
  (event) => {
    if (event.isReady || !event.target.matches("input[type='file'][data-max-pixels]")) return;
    event.stopImmediatePropagation();
    prepare(event.target);
  },
  true,
);
