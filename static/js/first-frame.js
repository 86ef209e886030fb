// On a video's page, "This frame" is the frame in view. A video that has not been played means its last one.
const player = () => document.getElementById("player");

function offer() {
  for (const button of document.querySelectorAll("[data-frame-in-view]")) button.hidden = !player();
}

document.addEventListener(
  "click",
  ({ target }) => {
    const button = target.closest?.("[data-frame-in-view]");
    if (!button || !player()) return;
    player().pause();
    button.value = player().ended ? "last" : String(player().currentTime);
  },
  true,
);
document.addEventListener("htmx:afterSettle", offer);
offer();
