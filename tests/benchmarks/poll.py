"""How many polls a second are answered when nothing has changed, beside a bare Django view.

A page asks every two seconds about all its cards in flight, and nearly always nothing has changed. Both are
served by the same processes to the same signed-in browser, and are asked by turns. Medians of the rounds.
"""

from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks import report, rows, web
from tests.benchmarks.report import Line
from tests.benchmarks.stage import django, stage

if TYPE_CHECKING:
    from videos.models import Video

AIM = 0.6  # of a bare view's requests a second
CARDS = 50
BEHIND = 2000  # videos that the same person has besides
BARE = "/bare-page"


def measure(quick: bool) -> list[Line]:
    """The lines of the table."""
    rounds, seconds = (2, 1.0) if quick else (9, 3.0)
    with stage("poll") as made:
        made.configure(REDIS_URL=web.broker(made))
        django()
        paths = {"bare": BARE, **_pages()}
        headers = {who: web.session(who) | {"HX-Request": "true"} for who in paths if who != "bare"}
        headers["bare"] = next(iter(headers.values()))
        address = web.serve(made, "tests.benchmarks.door_app")
        for name, path in paths.items():
            web.per_second(address, path, headers[name], 1.0)  # warms up
        seen: dict[str, list[float]] = {name: [] for name in paths}
        for number in range(rounds):
            for name, path in paths.items():
                seen[name].append(web.per_second(address, path, headers[name], seconds))
            report.progress(
                f"   round {number + 1}: " + ", ".join(f"{n} {s[-1]:.0f}/s" for n, s in seen.items())
            )
    bare = median(seen.pop("bare"))
    return [
        _line(f"poll, nothing changed, {CARDS} cards {name}", median(rate), bare)
        for name, rate in seen.items()
    ]


def _line(what: str, ours: float, bare: float) -> Line:
    ratio = ours / bare
    beside = f"{bare:.0f}/s, a bare view with the same session"
    return Line(what, f"{ours:.0f}/s", beside, f"{ratio:.2f}:1", f"{AIM}:1", ratio >= AIM)


def _pages() -> dict[str, str]:
    """What the pages of two people ask for: of one who watches videos being made, and one whose wait."""
    from videos.models import Backend, State

    backend = Backend.objects.for_environment()
    states = {"in progress": State.IN_PROGRESS, "queued": State.QUEUED}
    made = {
        name: rows.in_flight(rows.person(name, backend, BEHIND), backend, CARDS, state)
        for name, state in states.items()
    }
    return {name: _question(videos) for name, videos in made.items()}


def _question(videos: "list[Video]") -> str:
    from videos.templatetags.studio import version
    from videos.views.selectors import with_queue_info

    return "/cards?" + "&".join(
        f"card={video.public_id}.{version(video)}" for video in with_queue_info(videos)
    )


if __name__ == "__main__":
    report.main("poll", measure)
