"""How many requests a second `/v1` answers with 100,000 videos in the table, beside a bare Django view.

Both are served by the same processes, with the Procfile's options and the same authentication, and are asked
by turns, so that whatever else goes on meets both. Medians of the rounds.
"""

from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks import report, web
from tests.benchmarks.report import Line
from tests.benchmarks.stage import Stage, django, stage

if TYPE_CHECKING:
    from videos.models import Video

AIM = 0.6  # of a bare view's requests a second
_BATCH = 5000  # rows


def measure(quick: bool) -> list[Line]:
    """The lines of the table."""
    count, rounds, seconds = (5000, 2, 1.0) if quick else (100_000, 7, 3.0)
    with stage("door") as made:
        address, token, public_id = _studio(made, count)
        headers = {"Authorization": f"Bearer {token}"}
        paths = {"bare": "/bare", "one": f"/v1/videos/{public_id}", "list": "/v1/videos"}
        for path in paths.values():
            web.per_second(address, path, headers, 1.0)  # warms up
        seen: dict[str, list[float]] = {name: [] for name in paths}
        for number in range(rounds):
            for name, path in paths.items():
                seen[name].append(web.per_second(address, path, headers, seconds))
            report.progress(
                f"   round {number + 1}: " + ", ".join(f"{n} {s[-1]:.0f}/s" for n, s in seen.items())
            )
    bare = median(seen["bare"])
    at = f"with {count:,} videos"
    return [
        _line(f"GET /v1/videos/{{id}}, {at}", median(seen["one"]), bare),
        _line(f"GET /v1/videos (20), {at}", median(seen["list"]), bare),
    ]


def _line(what: str, ours: float, bare: float) -> Line:
    ratio = ours / bare
    beside = f"{bare:.0f}/s, a bare view with the same authentication"
    return Line(what, f"{ours:.0f}/s", beside, f"{ratio:.2f}:1", f"{AIM}:1", ratio >= AIM)


def _studio(made: Stage, count: int) -> tuple[web.Address, str, str]:
    """Start broker and web server over `count` videos. Returns its address, a token and one video's id."""
    made.configure(REDIS_URL=web.broker(made), API_REQUESTS_PER_MINUTE="100000000")
    django()
    token, public_id = _fill(count)
    return web.serve(made, "tests.benchmarks.door_app"), token, public_id


def _fill(count: int) -> tuple[str, str]:
    from accounts import tokens
    from accounts.models import User
    from videos.models import Backend, Video

    owner = User.objects.create(username="bench")
    backend = Backend.objects.for_environment()
    for start in range(0, count, _BATCH):
        Video.objects.bulk_create([_row(owner, backend) for _ in range(min(_BATCH, count - start))])
    middle = Video.objects.order_by("pk")[count // 2]
    return tokens.issue(owner, "bench")[1], middle.public_id


def _row(owner: object, backend: object) -> "Video":
    from django.utils import timezone

    from videos.models import State, Video

    return Video(
        owner=owner,
        backend=backend,
        prompt="A fox in the snow, seen from far away, in the last light of a day in winter",
        model="sora-2",
        size="1280x720",
        seconds=4,
        state=State.COMPLETED,
        finished_at=timezone.now(),
        due_at=None,
    )


if __name__ == "__main__":
    report.main("door", measure)
