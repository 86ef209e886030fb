"""Polls per second that are answered when nothing has changed, compared with a bare Django view.

A page polls every two seconds for all its cards in flight, and nearly always nothing has changed. Both are
served by the same processes to the same signed-in browser, and are called in turn. Medians of the rounds.
"""

from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks import report, sample_data, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import sandbox, set_up_django

if TYPE_CHECKING:
    from videos.models import Video

TARGET = 0.6  # of a bare view's requests per second
CARDS = 50
OTHER_VIDEOS = 2000  # of the same user, not in flight
BARE = "/bare-page"


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    rounds, seconds = (2, 1.0) if quick else (9, 3.0)
    with sandbox("page-polling") as box:
        box.configure(REDIS_URL=web.start_broker(box))
        set_up_django()
        paths = {"bare": BARE, **_polling_paths()}
        headers = {who: web.session_headers(who) | {"HX-Request": "true"} for who in paths if who != "bare"}
        headers["bare"] = next(iter(headers.values()))
        address = web.start_web_server(box, "tests.benchmarks.baseline_app")
        for name, path in paths.items():
            web.requests_per_second(address, path, headers[name], 1.0)  # warm-up
        samples: dict[str, list[float]] = {name: [] for name in paths}
        for number in range(rounds):
            for name, path in paths.items():
                samples[name].append(web.requests_per_second(address, path, headers[name], seconds))
            report.print_progress(
                f"   round {number + 1}: " + ", ".join(f"{n} {s[-1]:.0f}/s" for n, s in samples.items())
            )
    bare = median(samples.pop("bare"))
    return [
        _result(f"poll, nothing changed, {CARDS} cards {name}", median(rate), bare)
        for name, rate in samples.items()
    ]


def _result(what: str, ours: float, bare: float) -> Result:
    ratio = ours / bare
    baseline = f"{bare:.0f}/s, a bare view with the same session"
    return Result(what, f"{ours:.0f}/s", baseline, f"{ratio:.2f}:1", f"{TARGET}:1", ratio >= TARGET)


def _polling_paths() -> dict[str, str]:
    """Return the polling paths of two users: one with videos in progress, one with queued ones."""
    from videos.models import Backend, State

    backend = Backend.objects.for_environment()
    states = {"in progress": State.IN_PROGRESS, "queued": State.QUEUED}
    paths = {}
    for name, state in states.items():
        owner = sample_data.create_user_with_videos(name, backend, OTHER_VIDEOS)
        paths[name] = polling_path(sample_data.create_in_flight(owner, backend, CARDS, state))
    return paths


def polling_path(videos: "list[Video]") -> str:
    """Return what a page with the cards of these videos polls."""
    from videos.templatetags.studio import version
    from videos.views.selectors import with_queue_info

    return "/cards?" + "&".join(
        f"card={video.public_id}.{version(video)}" for video in with_queue_info(videos)
    )


if __name__ == "__main__":
    report.main("page_polling", measure)
