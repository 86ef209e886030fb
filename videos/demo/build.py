"""Makes the demo, through the same services that pages call."""

import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from billing.errors import ApprovalRequiredError
from billing.models import Scope
from billing.periods import Period
from billing.targets import Target, set_budget
from videos import lifecycle
from videos.demo import material
from videos.demo.material import AIKO, JONAS, MARA, MODEL, SECONDS, TALL, WIDE, Person
from videos.demo.workroom import make_all
from videos.models import Backend, Batch, Collection, State, Video
from videos.models.values import Reason
from videos.models.video_queries import VideoQuerySet
from videos.services import batch_work
from videos.services.approvals import create_or_ask
from videos.services.batch_approvals import start_or_ask
from videos.services.batch_input import BatchInput, check_input, save_input
from videos.services.collection_people import share_with
from videos.services.collections import add_videos, create_collection
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.generation_requests import GenerationRequest, make_takes
from videos.services.images import RequestImages
from videos.services.library import add_tag, move_to_trash, set_favourite, set_note
from videos.services.paid_requests import NewVideos
from videos.services.share_comments import add_comment
from videos.services.share_links import LinkOptions, create_link
from videos.services.videos import create_video, create_videos

GROUP = "Made by seed_demo"  # of accounts, by which they are found again
_MOMENTS = ("created_at", "attempted_at", "accepted_at", "generated_at", "finished_at")
_LEASE = timedelta(minutes=1)
_PRICE = Decimal("12.00")
_BLOCKED = Reason(
    "moderation_blocked", "The backend's content filter stopped this video. Change the prompt and try again."
)
_UNKNOWN = Reason(
    "unknown_outcome",
    "We couldn't confirm that the backend received this job, and it does not say which jobs it has.",
)

Show = Callable[[int, int], None]


def demo_people() -> list[User]:
    """Return the people of the demo that there are, and nobody else who was put into the group."""
    usernames = [each.username for each in material.PEOPLE]
    return list(User.objects.filter(groups__name=GROUP, username__in=usernames).order_by("pk"))


def find_obstacle(*, force: bool) -> str:
    """Return in a sentence why no demo may be made here; empty if one may."""
    if demo_people():
        return "The demo is here already. --reset removes it."
    if any(not backend.is_simulator for backend in Backend.objects.in_use()):
        return "A backend is connected, whose videos may cost money. The demo is made by the simulator alone."
    if taken := list(User.objects.filter(username__in=[each.username for each in material.PEOPLE])[:1]):
        return f"There is an account “{taken[0].username}” already, which is not the demo's."
    if Video.objects.exists() and not force:
        return "There are videos here already. --force makes the demo beside them; it touches none of them."
    return ""


def build(password: str, show: Show) -> VideoQuerySet:
    """Make the people and all that is theirs, and return the videos. Raises `NotMadeError`.

    An empty password lets nobody sign in.
    """
    mara, jonas, aiko, tom = _create_people(password)
    videos = Video.objects.filter(owner__in=[mara, jonas, aiko, tom])
    made = _create_library({MARA: mara, JONAS: jonas, AIKO: aiko})
    takes = create_videos(jonas, make_takes(_request(material.TAKES, WIDE), 4))
    batch = _create_batch(jonas)
    make_all(videos, show)
    _create_family(jonas, made[JONAS][0], videos, show)
    batch_work.finish(batch.pk)
    _annotate(jonas, made[JONAS], takes)
    _annotate(aiko, made[AIKO], [])
    _date_back(videos)
    _share(jonas, mara, tom, made[JONAS])
    _collect(aiko, made[AIKO])
    _create_trouble(jonas, aiko)
    _create_approval(aiko)
    _set_budgets(jonas, aiko)
    return videos


def make_password() -> str:
    """Return a password that can be read out."""
    return secrets.token_urlsafe(12)


def _create_people(password: str) -> list[User]:
    with transaction.atomic():
        group = Group.objects.get_or_create(name=GROUP)[0]
        people = []
        for person in material.PEOPLE:
            user = User.objects.create_user(
                person.username, password=password or None, first_name=person.first_name, role=person.role
            )
            user.groups.add(group)
            people.append(user)
    return people


def _request(prompt: str, size: str) -> GenerationRequest:
    """Return a request that is refused if anything but the simulator would make it."""
    simulator = Backend.objects.get(is_simulator=True)
    return GenerationRequest(prompt, MODEL, SECONDS, size, backend=simulator.name)


def _create_library(people: dict[Person, User]) -> dict[Person, list[Video]]:
    """Queue the prompts, dealt out to the people by their shares."""
    turns = [person for person in people for _ in range(person.share)]
    wanted: dict[Person, list[GenerationRequest]] = {person: [] for person in people}
    for number, prompt in enumerate(material.PROMPTS):
        # The first belongs to who has the family of the lighthouse.
        person = turns[(number + MARA.share) % len(turns)]
        wanted[person].append(_request(prompt, TALL if number % 3 == 1 else WIDE))
    return {person: create_videos(people[person], requests) for person, requests in wanted.items()}


def _create_batch(owner: User) -> Batch:
    sent = BatchInput(name=material.BATCH_NAME, table=material.BATCH)
    checked, images = check_input(owner, sent)
    batch = save_input(owner, sent, checked, images)
    start_or_ask(batch)
    while batch_work.step(batch.pk):
        pass
    return batch


def _create_family(owner: User, first: Video, videos: VideoQuerySet, show: Show) -> None:
    first.refresh_from_db()
    remix = remix_video(owner, first, material.REMIX)
    edit_video(owner, first, material.EDIT)
    extend_video(owner, first, material.EXTENSION, 4)
    make_all(videos, show)
    remix.refresh_from_db()
    remix_video(owner, remix, material.REMIX_AGAIN)
    make_all(videos, show)


def _annotate(owner: User, videos: Sequence[Video], takes: Sequence[Video]) -> None:
    set_favourite([*videos[::5], *takes[1:2]], on=True)
    for name, every in material.TAGS.items():
        add_tag(owner, videos[::every], name)
    set_note(videos[0], material.NOTE)
    move_to_trash(videos[-1:])


def _date_back(videos: VideoQuerySet) -> None:
    """Spread what was made over the last weeks: pages show when."""
    keys = list(videos.order_by("pk").values_list("pk", flat=True))
    for place, pk in enumerate(reversed(keys)):
        earlier = timedelta(hours=9 * place)
        Video.objects.filter(pk=pk).update(**{name: F(name) - earlier for name in _MOMENTS})


def _share(owner: User, manager: User, viewer: User, videos: Sequence[Video]) -> None:
    for name, (description, visibility, first, count) in material.COLLECTIONS.items():
        chosen = [video for video in videos[first % len(videos) :][:count] if _is_shown(video)]
        collection = Collection(name=name, description=description, visibility=visibility)
        create_collection(owner, collection, chosen)
        if visibility == "private" and chosen:
            share_with(owner, collection, viewer.username, "viewer")
            share_with(owner, collection, manager.username, "viewer")
    video = Video.objects.get(pk=videos[0].pk)
    options = LinkOptions("The lighthouse, cut 2", shows_prompt=True, allows_comments=True)
    link = create_link(owner, video, options, days=7)
    said = "Lovely. Could the beam be slower at the end?"
    add_comment(link, video, author=None, name="Dana", text=said, network="192.0.2.1")


def _collect(owner: User, videos: Sequence[Video]) -> None:
    shown = [video for video in videos if _is_shown(video)]
    collection = create_collection(owner, Collection(name="Textures", visibility="team"), shown[:4])
    add_videos(owner, collection, shown[4:6])


def _is_shown(video: Video) -> bool:
    return Video.objects.filter(pk=video.pk, state=State.COMPLETED, trashed_at=None).exists()


def _create_trouble(owner: User, other: User) -> None:
    """Have one fail and one need a decision, as the lifecycle does it; nothing is submitted for them."""
    now = timezone.now()
    with transaction.atomic():  # so that no worker sees them queued
        failed = create_video(owner, _request(material.FAILED, WIDE))
        if token := lifecycle.claim(failed.pk, lease=_LEASE, now=now):
            lifecycle.refuse(failed.pk, token, _BLOCKED)
    with transaction.atomic():
        doubtful = create_video(other, _request(material.UNCERTAIN, WIDE))
        if token := lifecycle.claim(doubtful.pk, lease=_LEASE, now=now):
            lifecycle.mark_uncertain(doubtful.pk, token, _UNKNOWN, due_at=now)
            lifecycle.await_decision(doubtful.pk, _UNKNOWN, attempted_at=now)


class _DearVideos(NewVideos):
    """Videos that a manager has to approve, whatever the simulator charges."""

    def carry_out(self, owner: User) -> list[Video]:
        raise ApprovalRequiredError("A manager has to approve this.", _PRICE, is_priced=True)


def _create_approval(owner: User) -> None:
    create_or_ask(owner, _DearVideos([_request(material.WAITING, WIDE)], RequestImages()))


def _set_budgets(owner: User, other: User) -> None:
    set_budget(Target(Scope.USER, user=owner), Period.MONTH, Decimal(60))
    set_budget(Target(Scope.USER, user=other), Period.WEEK, Decimal(15), is_soft=True)
