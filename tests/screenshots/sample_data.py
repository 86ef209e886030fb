"""Sample data for a running studio: alice gets a full library, bob videos in every state, carol nothing.

Alice's videos are really made by the simulator. Bob's jobs exist only as rows that are due tomorrow, so that
the engine does not touch them and nothing moves while the screenshots are taken.
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")
django.setup()

from django.conf import settings  # noqa: E402 - models need Django to be set up
from django.db import transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Role, User  # noqa: E402
from contentgen import encryption  # noqa: E402
from contentgen.events import Event, EventKind, publish  # noqa: E402
from tests.screenshots import prompts, spending  # noqa: E402
from tests.screenshots.credentials import PASSWORD  # noqa: E402
from videos.media.reference import open_reference  # noqa: E402
from videos.models import (  # noqa: E402
    IN_FLIGHT,
    Batch,
    BatchRow,
    BatchState,
    Collection,
    CollectionItem,
    PromptTemplate,
    ReferenceImage,
    RowState,
    ShareLink,
    State,
    SubmissionRecord,
    Video,
)
from videos.models.video import new_public_id  # noqa: E402
from videos.services.characters import create_character_from_video  # noqa: E402
from videos.services.collection_people import share_with  # noqa: E402
from videos.services.collections import create_collection  # noqa: E402
from videos.services.derivations import edit_video, extend_video, remix_video  # noqa: E402
from videos.services.generation_requests import GenerationRequest, make_takes  # noqa: E402
from videos.services.library import add_tag, move_to_trash, set_favourite, set_note  # noqa: E402
from videos.services.references import keep_reference, rename_reference  # noqa: E402
from videos.services.share_comments import add_comment  # noqa: E402
from videos.services.share_links import (  # noqa: E402
    LinkOptions,
    create_link,
    digest_of,
    revoke_links,
)
from videos.services.videos import create_video, create_videos  # noqa: E402
from webhooks import endpoints  # noqa: E402
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState, Message  # noqa: E402
from webhooks.payload import build_body  # noqa: E402

TOMORROW = timedelta(days=1)
_MOMENTS = ("created_at", "attempted_at", "accepted_at", "generated_at", "finished_at")


def main() -> None:
    if User.objects.filter(username="carol").exists():
        return
    alice = User.objects.get(username="alice")
    videos = _create_library(alice)
    _create_takes(alice, _create_references(alice))
    _create_lineage(alice, videos[0])
    _annotate(alice, videos)
    _create_collections(alice, videos)
    _share(alice, videos)
    _tell(alice, videos)
    _create_webhooks(alice)
    bob = User.objects.create_user("bob", password=PASSWORD)
    _create_busy_user(bob, videos)
    _create_batch(alice, "Spring spots", "batch_done", BatchState.COMPLETED, videos[:14])
    _create_batch(bob, "Rainy streets", "batch_running", BatchState.RUNNING, bob.videos.order_by("pk"))
    User.objects.create_user("carol", password=PASSWORD)
    spending.create(alice, bob)
    dora = User.objects.create_user("dora", password=PASSWORD, role=Role.VIEWER)
    share_with(alice, Collection.objects.get(name="Spring campaign"), dora.username, "viewer")


def _create_library(owner: User) -> list[Video]:
    """Have half of the videos made; the others are rows with the same files, because rendering is slow."""
    requests = [
        GenerationRequest(prompt=prompt, model=model, size=size, seconds=seconds)
        for prompt, (model, size), seconds in prompts.VIDEOS
    ]
    made = create_videos(owner, requests)
    _wait_until_done()
    for video in made:
        video.refresh_from_db()
    return [*made, *(_copy(video, owner, f"{video.prompt}, in the evening") for video in made)]


def _tell(owner: User, videos: list[Video]) -> None:
    """Tell what no simulator makes happen; that videos are ready, the engine has told."""
    told: list[tuple[EventKind, dict[str, Any]]] = [
        (EventKind.COLLECTION_SHARED, {"shared_by": "bob", "name": "Moodboards"}),
        (EventKind.BATCH_COMPLETED, {"name": "Spring", "total": 1000, "completed": 998, "failed": 2}),
        (
            EventKind.BUDGET_WARNING,
            {"name": "Studio", "terms": "$50.00 this month", "message": "$8.40 is left."},
        ),
        (EventKind.APPROVAL_REQUESTED, {"person": "bob", "price_text": "$12.00", "prompt": videos[0].prompt}),
        (EventKind.VIDEO_NEEDS_ATTENTION, {"prompt": videos[1].prompt, "reason": "Nobody knows."}),
    ]
    for number, (kind, data) in enumerate(told):
        with transaction.atomic():
            publish(Event(kind, owner.pk, f"sample_{number}", data))


def _create_references(owner: User) -> list[ReferenceImage]:
    """Upload the stills of the templates as reference images."""
    stills = sorted((settings.BASE_DIR / "static" / "templates").glob("*.webp"))
    kept = []
    for still in stills:
        upload = open_reference(still.read_bytes(), max_bytes=settings.MAX_FILE_SIZE)
        kept.append(keep_reference(owner, upload, file_name=still.name))
    for image in kept[::2]:
        rename_reference(image, stills[kept.index(image)].stem.replace("-", " ").capitalize())
    return kept


def _create_takes(owner: User, references: list[ReferenceImage]) -> None:
    model, size = prompts.WIDE
    request = GenerationRequest(prompt=prompts.TAKES, model=model, size=size, seconds=4)
    create_videos(owner, make_takes(request, 3))
    create_video(owner, replace(request, prompt=prompts.FROM_REFERENCE, reference=references[-1]))
    _wait_until_done()


def _copy(video: Video, owner: User, prompt: str) -> Video:
    """Create another row with the same file."""
    copy = Video.objects.get(pk=video.pk)
    copy.pk, copy.public_id, copy.backend_job_id = None, new_public_id(), ""
    copy.owner, copy.prompt = owner, prompt
    copy.save(force_insert=True)
    return copy


def _wait_until_done() -> None:
    while Video.objects.filter(state__in=IN_FLIGHT).exists():
        time.sleep(1)


def _create_lineage(owner: User, first: Video) -> None:
    remix = remix_video(owner, first, prompts.REMIX)
    edit_video(owner, first, prompts.EDIT)
    extend_video(owner, first, prompts.EXTENSION, 4)
    create_character_from_video(owner, "The keeper of the lamp", first)
    _wait_until_done()
    remix.refresh_from_db()
    remix_video(owner, remix, prompts.REMIX_AGAIN)
    _wait_until_done()


def _annotate(owner: User, videos: list[Video]) -> None:
    set_favourite(videos[::5], on=True)
    add_tag(owner, videos[::4], "autumn spot")
    add_tag(owner, videos[1::6], "for review")
    add_tag(owner, videos[:2], "homepage")
    set_note(videos[0], "The second half is the better one; ask Mara about the music before Friday.")
    move_to_trash(videos[-3:])
    for title, prompt in (
        ("Lamp over {water}", "A lighthouse at {time|dawn,dusk}, its lamp sweeping over {water}"),
        ("Slow hands", "Close-up of hands that {do}, {light|backlit,soft window light}, shallow focus"),
    ):
        PromptTemplate.objects.create(owner=owner, title=title.replace("{water}", "water"), prompt=prompt)
    # Spread over the past, because the pages show when videos were made.
    for number, video in enumerate(videos):
        earlier = timedelta(hours=7 * (len(videos) - number))
        moments = {name: F(name) - earlier for name in _MOMENTS}
        Video.objects.filter(pk=video.pk).update(**moments)


def _create_collections(owner: User, videos: list[Video]) -> None:
    spring = Collection(
        name="Spring campaign",
        description="Everything for the launch in April.",
        public_id="collection_spring",
    )
    create_collection(owner, spring, videos[:9])
    create_collection(owner, Collection(name="Moods", visibility="team"), videos[6:12])
    create_collection(owner, Collection(name="Nothing yet", public_id="collection_empty"))


def _share(owner: User, videos: list[Video]) -> None:
    """Make links whose addresses the page states know."""
    shelf = Collection.objects.create(owner=owner, name="Autumn spot")
    CollectionItem.objects.bulk_create(CollectionItem(collection=shelf, video=each) for each in videos[:9])
    with_all = LinkOptions("The lighthouse, cut 2", shows_prompt=True, allows_comments=True)
    first = create_link(owner, videos[0], with_all, days=30)
    _name_secret(first, "screenshots-video")
    said = "Lovely. Could the beam be slower at the end?\nAnd a little darker."
    add_comment(first, videos[0], author=None, name="Dana", text=said, network="192.0.2.1")
    add_comment(first, videos[0], author=owner, name="", text="A new cut is on its way.", network="192.0.2.2")
    _name_secret(create_link(owner, shelf, LinkOptions(), days=7), "screenshots-collection")
    _name_secret(
        create_link(owner, videos[1], LinkOptions(), days=1, password=PASSWORD), "screenshots-password"
    )
    over = create_link(owner, videos[2], LinkOptions(), days=1)
    _name_secret(over, "screenshots-revoked")
    revoke_links(ShareLink.objects.filter(pk=over.pk))


def _name_secret(link: ShareLink, secret: str) -> None:
    link.digest, link.encrypted_secret, link.views = digest_of(secret), encryption.encrypt(secret), 12
    link.save(update_fields=["digest", "encrypted_secret", "views"])


def _create_busy_user(owner: User, videos: list[Video]) -> None:
    for video in videos[1:6]:
        _copy(video, owner, video.prompt)
    now, backend = timezone.now(), videos[0].backend
    accepted = {"attempted_at": now - timedelta(seconds=50), "accepted_at": now - timedelta(seconds=47)}
    states: list[tuple[State, dict[str, object]]] = [
        (State.QUEUED, {}),
        (State.QUEUED, {}),
        (State.IN_PROGRESS, {**accepted, "progress": 8}),
        (State.IN_PROGRESS, {**accepted, "progress": 64}),
        (State.IN_PROGRESS, {**accepted, "progress": None}),
        (State.STORING, {**accepted, "progress": 100, "generated_at": now}),
        (State.UNCERTAIN, {"due_at": None, "attempted_at": now - timedelta(minutes=3)}),
        (
            State.FAILED,
            {
                **accepted,
                "due_at": None,
                "finished_at": now,
                "error_code": "moderation_blocked",
                "error_message": "The backend's content filter stopped this video."
                " Change the prompt and try again.",
            },
        ),
    ]
    sizes = ["1280x720", "720x1280", "1280x720", "720x1280", "1792x1024", "1280x720", "1280x720", "720x1280"]
    for number, (prompt, (state, fields), size) in enumerate(zip(prompts.BUSY, states, sizes, strict=True)):
        row = {"due_at": now + TOMORROW, "model": "sora-2", "seconds": 4, "price": "0.40", **fields}
        row["created_at"] = now - timedelta(minutes=4)
        job = f"still_{number}" if "accepted_at" in fields else ""
        video = Video.objects.create(
            owner=owner, backend=backend, prompt=prompt, size=size, state=state, backend_job_id=job, **row
        )
        _keep_submission(video, now - timedelta(minutes=3))


def _keep_submission(video: Video, sent_at: datetime) -> None:
    """Keep what was sent for a video that nothing was sent for, and the answer that fits its state."""
    asked = {"prompt": video.prompt, "model": video.model, "seconds": "4", "size": video.size}
    refusal = {"error": {"code": "moderation_blocked", "message": "The prompt goes against our policy."}}
    answers = {
        State.FAILED: (400, json.dumps(refusal, indent=2)),
        State.UNCERTAIN: (None, ""),
        State.IN_PROGRESS: (200, json.dumps({"id": "video_1", "status": "queued"}, indent=2)),
    }
    if found := answers.get(State(video.state)):
        SubmissionRecord.objects.create(
            video=video,
            sent_at=sent_at,
            method="POST",
            path="/v1/videos",
            request=json.dumps(asked, indent=2),
            byte_count=412,
            status=found[0],
            answer=found[1],
        )


def _create_batch(owner: User, name: str, public_id: str, state: BatchState, videos: Iterable[Video]) -> None:
    made, now = list(videos), timezone.now()
    batch = Batch.objects.create(
        owner=owner,
        name=name,
        public_id=public_id,
        state=state,
        row_count=len(made),
        estimate=Decimal("0.40") * len(made),
        started_at=now - timedelta(minutes=3),
        finished_at=now if state == BatchState.COMPLETED else None,
    )
    Video.objects.filter(pk__in=[each.pk for each in made]).update(batch=batch)
    BatchRow.objects.bulk_create(
        BatchRow(
            batch=batch,
            number=number,
            place=f"row {number + 1}",
            key=f"shot-{number}",
            request={"prompt": each.prompt, "model": each.model, "seconds": each.seconds, "size": each.size},
            price=Decimal("0.40"),
            state=RowState.CREATED,
            video=each,
        )
        for number, each in enumerate(made, start=1)
    )


_SENT = [
    ("video.completed", DeliveryState.PENDING, None, 3, "No response within 15 seconds."),
    ("video.failed", DeliveryState.FAILED, 500, 10, "The receiver answered 500."),
    ("video.completed", DeliveryState.DELIVERED, 204, 2, ""),
    ("video.completed", DeliveryState.DELIVERED, 200, 1, ""),
    ("webhook.test", DeliveryState.DELIVERED, 200, 1, ""),
]


def _create_webhooks(owner: User) -> None:
    """Create a webhook that fails at the moment, with its log, and one that was disabled."""
    now, kinds = timezone.now(), ["video.completed", "video.failed"]
    address = "https://hooks.example.org/contentgen"
    failing, _ = endpoints.create(owner, url=address, kinds=kinds, description="My editing script")
    old, _ = endpoints.create(owner, url="https://old.example.org/hooks/T024/B88", kinds=["budget.exceeded"])
    for number, (kind, state, status, attempts, error) in enumerate(reversed(_SENT)):
        at = now - timedelta(minutes=11 * (len(_SENT) - number))
        data = {"id": "video_2k7c0s5pq9v1", "user": owner.username, "url": None, "status": "completed"}
        body = build_body(kind, at, data)
        message = Message.objects.create(kind=kind, user=owner, body=body, created_at=at)
        is_over = state != DeliveryState.PENDING
        Delivery.objects.bulk_create(
            Delivery(
                endpoint=endpoint,
                message=message,
                state=state,
                attempts=attempts,
                created_at=at,
                attempted_at=at,
                due_at=None if is_over else now + TOMORROW,
                response_status=status,
                response_body="Internal Server Error" if status == 500 else "",
                duration_ms=15_000 if status is None else 84,
                error=error,
            )
            for endpoint in (failing, old)
            if is_over or endpoint is failing
        )
    Endpoint.objects.filter(pk=failing.pk).update(
        failures=3, failing_since=now - timedelta(minutes=11), held_until=now + TOMORROW, delivered_at=now
    )
    problem = "It has failed for 5 days. The last time: The host's name could not be found."
    Endpoint.objects.filter(pk=old.pk).update(state=EndpointState.DISABLED, problem=problem, failures=31)


if __name__ == "__main__":
    main()
