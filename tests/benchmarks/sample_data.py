"""A realistic library: every state, several models, sizes and lengths, tags and favourites."""

import random
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import User
    from videos.models import Backend, Video

_BATCH = 5000  # rows
TAGS = (
    "autumn spot",
    "client A",
    "drafts",
    "for review",
    "hero",
    "night",
    "people",
    "print",
    "social",
    "tests",
)
_SUBJECTS = ("fox", "paper boat", "kite", "tram", "heron", "lighthouse", "dancer", "bottle", "market", "dune")
_PLACES = ("in the snow", "on a rainy street", "over a yellow field", "at dawn in Lisbon", "by the harbour")
_LIGHTS = ("in the last light of a day in winter", "with neon reflections", "under soft window light")
_KINDS = [
    ("sora-2", "1280x720"),
    ("sora-2", "720x1280"),
    ("sora-2-pro", "1280x720"),
    ("sora-2-pro", "1792x1024"),
    ("sora-2-pro", "1024x1792"),
    ("wan-2.2", "832x480"),
]


def create_user_with_videos(username: str, backend: "Backend", count: int, *, seed: int = 1) -> "User":
    """Create a user with `count` videos, a third of them tagged, and return the user.

    Of a hundred, 80 are completed, 9 failed, 6 canceled; a twentieth are favourites, three of a hundred are
    in the trash and two deleted. None is in flight.
    """
    from accounts.models import User
    from videos.models import Tag, Video

    owner = User.objects.create(username=username)
    tags = [Tag.objects.create(owner=owner, name=name) for name in TAGS]
    rng = random.Random(seed)
    through = Video.tags.through
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        created = Video.objects.bulk_create(
            _row(owner, backend, rng, age=count - start - number) for number in range(size)
        )
        chosen = [
            (video, tag)
            for video in created
            if rng.random() < 1 / 3
            for tag in rng.sample(tags, rng.choice((1, 1, 2)))
        ]
        through.objects.bulk_create([through(video_id=video.pk, tag_id=tag.pk) for video, tag in chosen])
    return owner


def create_in_flight(owner: "User", backend: "Backend", count: int, state: str) -> "list[Video]":
    """Create videos that a page would poll."""
    from django.utils import timezone

    from videos.models import State, Video

    now = timezone.now()
    accepted: dict[str, Any] = {"attempted_at": now, "accepted_at": now, "progress": 20}
    rows = [
        Video(
            **_request_fields(owner, backend, random.Random(number)),
            state=state,
            revision=3,
            due_at=now + timedelta(days=1),
            **(
                {"backend_job_id": f"job_{secrets.token_hex(8)}", **accepted} if state != State.QUEUED else {}
            ),
        )
        for number in range(count)
    ]
    return Video.objects.bulk_create(rows)


def vacuum_analyze() -> None:
    """Run what PostgreSQL's autovacuum would run sooner or later. SQLite has none."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _request_fields(owner: "User", backend: "Backend", rng: random.Random) -> dict[str, Any]:
    model, size = rng.choice(_KINDS)
    prompt = f"A {rng.choice(_SUBJECTS)} {rng.choice(_PLACES)}, samples from far away, {rng.choice(_LIGHTS)}"
    return {
        "owner": owner,
        "backend": backend,
        "prompt": f"{prompt}, take {rng.randrange(10_000)}",
        "model": model,
        "size": size,
        "seconds": rng.choice((4, 4, 8, 12)),
    }


def _row(owner: "User", backend: "Backend", rng: random.Random, age: int) -> "Video":
    """Return an unsaved video that was created `age` minutes ago."""
    from django.utils import timezone

    from videos.models import State, Video

    created_at = timezone.now() - timedelta(minutes=age)
    state = rng.choices((State.COMPLETED, State.FAILED, State.CANCELED), (85, 9, 6))[0]
    draw = rng.random()
    return Video(
        **_request_fields(owner, backend, rng),
        state=state,
        created_at=created_at,
        finished_at=created_at + timedelta(seconds=rng.randrange(30, 400)),
        favourite=rng.random() < 0.05,
        trashed_at=created_at if draw < 0.03 else None,
        deleted_at=created_at if draw > 0.98 else None,
        due_at=None,
        **(_file_fields(rng) if state == State.COMPLETED else {}),
    )


def _file_fields(rng: random.Random) -> dict[str, Any]:
    name = secrets.token_hex(8)
    return {
        "backend_job_id": f"job_{name}",
        "file": f"videos/{name}.mp4",
        "poster": f"videos/{name}.webp",
        "scrub_sheet": f"videos/{name}.jpg",
        "scrub_frames": 16,
        "scrub_columns": 4,
        "width": 1280,
        "height": 720,
        "duration": 4.0,
        "byte_count": rng.randrange(10**6, 10**7),
        "sha256": secrets.token_hex(32),
    }
