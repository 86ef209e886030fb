"""Requests per second of `/v1` with 100,000 videos in the table, compared with a bare Django view.

Both are served by the same processes, with the Procfile's options and the same authentication, and are called
in turn, so that other load on the machine affects both. Medians of the rounds.
"""

from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks import report, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import Sandbox, sandbox, set_up_django

if TYPE_CHECKING:
    from videos.models import Video

TARGET = 0.6  # of a bare view's requests per second
_BATCH = 5000  # rows


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    count, rounds, seconds = (5000, 2, 1.0) if quick else (100_000, 7, 3.0)
    with sandbox("rest-overhead") as box:
        address, token, public_id = _studio(box, count)
        headers = {"Authorization": f"Bearer {token}"}
        paths = {"bare": "/bare", "one": f"/v1/videos/{public_id}", "list": "/v1/videos"}
        for path in paths.values():
            web.requests_per_second(address, path, headers, 1.0)  # warm-up
        samples: dict[str, list[float]] = {name: [] for name in paths}
        for number in range(rounds):
            for name, path in paths.items():
                samples[name].append(web.requests_per_second(address, path, headers, seconds))
            report.print_progress(
                f"   round {number + 1}: " + ", ".join(f"{n} {s[-1]:.0f}/s" for n, s in samples.items())
            )
    bare = median(samples["bare"])
    condition = f"with {count:,} videos"
    return [
        _result(f"GET /v1/videos/{{id}}, {condition}", median(samples["one"]), bare),
        _result(f"GET /v1/videos (20), {condition}", median(samples["list"]), bare),
    ]


def _result(what: str, ours: float, bare: float) -> Result:
    ratio = ours / bare
    baseline = f"{bare:.0f}/s, a bare view with the same authentication"
    return Result(what, f"{ours:.0f}/s", baseline, f"{ratio:.2f}:1", f"{TARGET}:1", ratio >= TARGET)


def _studio(box: Sandbox, count: int) -> tuple[web.Address, str, str]:
    """Start broker and web server with `count` videos. Returns the address, a token and a video's id."""
    box.configure(REDIS_URL=web.start_broker(box), API_REQUESTS_PER_MINUTE="100000000")
    set_up_django()
    token, public_id = _create_videos(count)
    return web.start_web_server(box, "tests.benchmarks.baseline_app"), token, public_id


def _create_videos(count: int) -> tuple[str, str]:
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
        prompt="A fox in the snow, samples from far away, in the last light of a day in winter",
        model="sora-2",
        size="1280x720",
        seconds=4,
        state=State.COMPLETED,
        finished_at=timezone.now(),
        due_at=None,
    )


if __name__ == "__main__":
    report.main("rest_overhead", measure)
