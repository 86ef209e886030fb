"""What the studio's page costs with 500 models, compared with two: time, bytes and queries.

Both are the same studio, whose further models are switched on and off from round to round. The page is
requested over one connection, from a web process with the Procfile's options.
"""

import socket
from statistics import median

from tests.benchmarks import report, sample_data, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import sandbox, set_up_django

TARGET = 1.2  # times the page with two models
FEW, MANY = 2, 500
VIDEOS = 200  # of the person who opens the page
USER = "alice"


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    rounds, times = (2, 10) if quick else (11, 20)
    with sandbox("catalogue-weight") as box:
        box.configure(REDIS_URL=web.start_broker(box))
        set_up_django()
        _create_studio()
        headers = web.session_headers(USER)
        address = web.start_web_server(box, "contentgen.wsgi")
        samples: dict[int, list[float]] = {FEW: [], MANY: []}
        sizes, queries = {}, {}
        with socket.create_connection(address, timeout=60) as connection:
            for number in range(rounds + 1):
                for count, times_of in samples.items():
                    _offer(count)
                    spent = [web.time_request(connection, "/", headers) for _ in range(times)]
                    if number:  # the first round is a warm-up
                        times_of.append(median(spent))
                    sizes[count], queries[count] = _weigh()
                report.print_progress(f"   round {number} of {rounds}")
    seconds = {count: median(times_of) for count, times_of in samples.items()}
    in_words = [f"{1000 * spent:.1f} ms, {queries[count]} queries" for count, spent in seconds.items()]
    return [
        _result("time", seconds, in_words),
        _result("size", sizes, [f"{sizes[each]:,} bytes" for each in sizes]),
    ]


def _result(what: str, measured: dict[int, float] | dict[int, int], words: list[str]) -> Result:
    ratio = measured[MANY] / measured[FEW]
    few, many = words
    name, baseline = f"studio page with {MANY} models, {what}", f"{few}, with {FEW} models"
    return Result(name, many, baseline, f"{ratio:.2f}:1", f"{TARGET}:1", ratio <= TARGET)


def _create_studio() -> None:
    """Create a person with videos, and the models that a service with many offers."""
    from videos.models import Backend, VideoModel

    backend = Backend.objects.for_environment()
    sample_data.create_user_with_videos(USER, backend, VIDEOS)
    further = MANY - VideoModel.objects.count()
    backend.models.add(
        *VideoModel.objects.bulk_create(
            VideoModel(
                name=f"maker-{number % 20}/model-{number}",
                label=f"Model {number}",
                description="What this model is good at, in a sentence of the usual length.",
                sizes=["1280x720", "720x1280", "1920x1080", "1080x1920", "960x960"],
                seconds=[4, 5, 6, 8, 10],
                price_per_second={"1280x720": "0.10", "*": "0.20"},
                position=number,
            )
            for number in range(10, 10 + further)
        )
    )


def _offer(count: int) -> None:
    """Let people choose from so many models."""
    from videos.models import VideoModel

    further = VideoModel.objects.filter(name__startswith="maker-")
    further.update(enabled=count == MANY)
    offered = VideoModel.objects.filter(enabled=True).count()
    if offered != count:
        raise RuntimeError(f"{offered} models are offered instead of {count}")


def _weigh() -> tuple[int, int]:
    """Return the bytes of the page, and the queries that it takes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username=USER))
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/")
    return len(response.content), len(queries)


if __name__ == "__main__":
    report.main("catalogue_weight", measure)
