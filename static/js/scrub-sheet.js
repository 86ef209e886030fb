// Scrub sheets: moments of a video as tiles in one picture, row by row.
const sheets = new Map();

// A sheet is loaded when it is first asked for, and shown once it has arrived, so nothing flashes empty.
export function isLoaded(url) {
  if (!sheets.has(url)) {
    const image = new Image();
    image.src = url;
    sheets.set(url, image);
  }
  return sheets.get(url).complete;
}

// Shows in `element`, which names its sheet, the tile at `position`: 0 is the start of the video, 1 its end.
export function showTile(element, position) {
  const frames = Number(element.dataset.frames);
  const columns = Number(element.dataset.columns);
  const rows = Math.ceil(frames / columns);
  const frame = Math.floor(Math.min(0.999, Math.max(0, position)) * frames);
  const offset = (index, count) => (count > 1 ? (100 * index) / (count - 1) : 0);
  if (!element.style.backgroundImage) element.style.backgroundImage = `url("${element.dataset.scrubSheet}")`;
  element.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
  element.style.backgroundPosition = `${offset(frame % columns, columns)}% ${offset(Math.floor(frame / columns), rows)}%`;
}
