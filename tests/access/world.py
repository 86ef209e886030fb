"""A studio with one thing of every kind, its owner, and everybody who may ask for it.

Every text of the owner's holds a word of its own, by which a response gives away what it shows.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from accounts import invitations, tokens
from accounts.models import AccountDeletion, Role, Scope, User
from accounts.models.account_deletion import WorkChoice
from billing.models import Scope as BudgetScope
from billing.targets import Target, set_budget
from contentgen.events import EventKind
from notifications.models import Notification
from tests.factories import ReferenceImageFactory, UserFactory, VideoFactory
from videos.models import (
    ApprovalRequest,
    Backend,
    Batch,
    BatchRow,
    Character,
    Collection,
    CollectionItem,
    CollectionMember,
    ConnectionDraft,
    JobCandidate,
    PromptTemplate,
    ShareComment,
    ShareLink,
    State,
    StudioState,
    Video,
)
from videos.services.generation_requests import GenerationRequest
from videos.services.paid_requests import NewVideos
from videos.services.share_links import LinkOptions, create_link, revoke_links
from videos.services.shared import item_name
from webhooks import endpoints
from webhooks.models import Delivery, Message

# By which a response gives away what it shows: something private, of a collection for chosen people, of one
# of the team, in the trash, deleted.
WORDS = {"private": "quokka", "people": "numbat", "team": "wombat", "trashed": "dunnart", "deleted": "bilby"}
LETTERS = {"quokka": "P", "numbat": "C", "wombat": "T", "dunnart": "R", "bilby": "D"}
IN_OTHER_STATES = {"failed": State.FAILED, "queued": State.QUEUED, "undecided": State.UNCERTAIN}
PASSWORD = "open sesame"

PEOPLE: dict[str, dict[str, Any]] = {
    "stranger": {},
    "member": {},
    "editor": {},
    "demoted": {"role": Role.VIEWER},
    "owner": {},
    "manager": {"role": Role.MANAGER},
    "staff": {"is_staff": True},
    "superuser": {"is_staff": True, "is_superuser": True},
    "blocked": {},
}
MEMBERS = {"member": "viewer", "editor": "editor", "demoted": "editor", "blocked": "editor"}


@dataclass
class World:
    """`names` are what addresses of the table name in braces; `clients` ask for them."""

    names: dict[str, object] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)


def make_world(backend: Backend) -> World:
    world = World()
    for name, fields in PEOPLE.items():
        world.people[name] = UserFactory(username=name, **fields)
    _add_videos(world, backend)
    _add_collections(world)
    _add_own_things(world, backend)
    _add_things_of_the_team(world)
    _add_links(world)
    _add_clients(world)
    User.objects.filter(username="blocked").update(is_active=False)
    return world


def _add_videos(world: World, backend: Backend) -> None:
    fields = {"owner": world.people["owner"], "backend": backend}
    for room, word in WORDS.items():
        video = VideoFactory(
            public_id=f"video_{room}", state=State.COMPLETED, prompt=f"A {word}", note=word, **fields
        )
        _add_files(video)
        world.names[room] = video.public_id
    Video.objects.filter(public_id="video_trashed").update(trashed_at=timezone.now())
    Video.objects.filter(public_id="video_deleted").update(deleted_at=timezone.now())
    for name, state in IN_OTHER_STATES.items():
        video = VideoFactory(public_id=f"video_{name}", state=state, prompt="A numbat", **fields)
        world.names[name] = video.public_id
    Video.objects.filter(public_id="video_undecided").update(due_at=None)
    candidate = JobCandidate.objects.create(video=video, backend_job_id="job_7")
    world.names["candidate"] = candidate.pk


def _add_files(video: Video) -> None:
    for name, file in (("file", "video.mp4"), ("poster", "poster.webp"), ("scrub_sheet", "scrub.jpg")):
        getattr(video, name).save(file, ContentFile(b"bytes"), save=False)
    video.save()


def _add_collections(world: World) -> None:
    owner = world.people["owner"]
    for room in ("private", "people", "team", "deleted"):
        collection = Collection.objects.create(
            public_id=f"collection_{room}",
            owner=owner,
            name=f"All of the {WORDS[room]}",
            visibility="people" if room == "deleted" else room,
            deleted_at=timezone.now() if room == "deleted" else None,
        )
        more = (*IN_OTHER_STATES, "trashed", "deleted") if room == "people" else ()
        for name in {room, *more}:
            video = Video.objects.get(public_id=f"video_{name}")
            CollectionItem.objects.create(collection=collection, video=video, added_by=owner)
        for person, role in MEMBERS.items():
            CollectionMember.objects.create(collection=collection, person=world.people[person], role=role)
        world.names[f"{room}_collection"] = collection.public_id


def _add_own_things(world: World, backend: Backend) -> None:
    """What is the owner's alone: nobody else sees it but managers, where they see what everybody makes."""
    owner, names = world.people["owner"], world.names
    image = ReferenceImageFactory(owner=owner, name="The quokka")
    image.file.save("image.png", ContentFile(b"image"), save=False)
    image.thumbnail.save("image.webp", ContentFile(b"image"))
    names["reference"] = image.public_id
    character = Character.objects.create(
        owner=owner, backend=backend, name="Quokka", backend_character_id="char_7", due_at=None
    )
    character.file.save("clip.mp4", ContentFile(b"clip"))
    names["character"] = character.public_id
    template = PromptTemplate.objects.create(owner=owner, title="Quokka", prompt="A quokka in {place}")
    names["template"] = template.pk
    names["draft"] = ConnectionDraft.objects.create(
        owner=owner, kind="service", service="videos-api", name="Quokka", base_url="http://quokka.test/v1"
    ).pk
    names["backend"] = backend.pk
    names["person"] = owner.pk
    StudioState.objects.load()  # as the first worker leaves it
    names["batch"] = _add_batch(owner, "ready").public_id
    names["finished_batch"] = _add_batch(owner, "completed").public_id
    hook, _ = endpoints.create(owner, url="https://quokka.example.org/", kinds=[EventKind.VIDEO_COMPLETED])
    message = Message.objects.create(kind="video.completed", user=owner, body="{}")
    delivery = Delivery.objects.create(endpoint=hook, message=message, state="failed", due_at=None)
    names |= {"hook": hook.public_id, "delivery": delivery.public_id}
    names["notification"] = Notification.objects.create(
        user=owner,
        kind=EventKind.VIDEO_COMPLETED,
        key="video_private",
        object_id="video_private",
        data={"prompt": "A quokka"},
        happened_at=timezone.now(),
    ).pk
    names["token"] = tokens.issue(owner, "Quokka")[0].pk
    names["session"] = _add_session(owner).pk


def _add_session(owner: User) -> UserSession:
    store = SessionStore()
    store.create()
    return UserSession.objects.create(
        user=owner, ip="192.0.2.7", user_agent="quokka", session_key=store.session_key
    )


def _add_batch(owner: User, state: str) -> Batch:
    batch = Batch.objects.create(
        owner=owner, name="Quokkas", state=state, digest="ab" * 32, row_count=1, estimate=0
    )
    asked = {"prompt": "A quokka", "model": "sora-2", "seconds": 4, "size": "1280x720", "fit": "crop"}
    request = asked | {"tags": [], "references": [], "parameters": {}}
    BatchRow.objects.create(batch=batch, number=1, place="row 1", key="quokka", request=request, price=0)
    return batch


def _add_things_of_the_team(world: World) -> None:
    """What managers decide about: requests, budgets, invitations; and the owner's offer to the heir."""
    owner, names = world.people["owner"], world.names
    names["approval"] = _add_request(owner, "waiting").public_id
    names["declined_approval"] = _add_request(owner, "declined", decided_at=timezone.now()).public_id
    target = Target(BudgetScope.USER, user=owner)
    names["budget"] = set_budget(target, "month", Decimal(10)).pk
    names["studio_budget"] = set_budget(Target(BudgetScope.STUDIO), "month", Decimal(100)).pk
    invitation, secret = invitations.issue(world.people["manager"], role=Role.CREATOR)
    names |= {"invitation": invitation.pk, "invitation_secret": secret}
    leaving = UserFactory(username="leaving")
    names["passkey"] = Authenticator.objects.create(
        user=leaving, type=Authenticator.Type.WEBAUTHN, data={"name": "Quokka"}
    ).pk
    names["offer"] = AccountDeletion.objects.create(
        user=leaving,
        work=WorkChoice.HAND_OVER,
        heir=owner,
        due_at=timezone.now() + timedelta(days=3),
    ).pk


def _add_request(owner: User, state: str, **fields: object) -> ApprovalRequest:
    wanted = NewVideos([GenerationRequest("A quokka", "sora-2", 4, "1280x720")])
    return ApprovalRequest.objects.create(
        owner=owner,
        kind="create",
        data=wanted.as_data(),
        prompt="A quokka",
        model="sora-2",
        count=1,
        price=1,
        state=state,
        expires_at=timezone.now() + timedelta(days=1),
        **fields,
    )


def _add_links(world: World) -> None:
    """Links of the owner's: to a video and to a collection, open, and closed for each of the reasons."""
    owner, names = world.people["owner"], world.names
    video = Video.objects.get(public_id="video_private")
    collection = Collection.objects.get(public_id="collection_people")
    options = LinkOptions(allows_comments=True)
    links = {
        "live": create_link(owner, video, options, days=30),
        "expired": create_link(owner, video, options, days=30),
        "revoked": create_link(owner, video, options, days=30),
        "locked": create_link(owner, video, options, days=30, password=PASSWORD),
        "live_collection": create_link(owner, collection, options, days=30),
    }
    ShareLink.objects.filter(pk=links["expired"].pk).update(expires_at=timezone.now())
    revoke_links(ShareLink.objects.filter(pk=links["revoked"].pk))
    names |= {f"{name}_secret": link.secret for name, link in links.items()}
    names["link"] = links["live"].public_id
    for room in ("people", "trashed", "deleted"):
        shared = Video.objects.get(public_id=f"video_{room}")
        names[f"{room}_item"] = item_name(links["live_collection"], shared)
    comment = ShareComment.objects.create(link=links["live"], video=video, name="Quokka", text="Nice quokka")
    names["comment"] = comment.pk


def _add_clients(world: World) -> None:
    """Browsers in which each is signed in; programs with a token of each scope; and tokens that are over."""
    world.clients["nobody"] = Client(raise_request_exception=False)
    for name, person in world.people.items():
        world.clients[name] = client = Client(raise_request_exception=False)
        client.force_login(person)
        for scope in Scope:
            world.clients[f"{name}:{scope}"] = _program(tokens.issue(person, "Program", scope=scope)[1])
    owner = world.people["owner"]
    revoked, secret = tokens.issue(owner, "Revoked")
    tokens.revoke(revoked)
    world.clients["revoked"] = _program(secret)
    yesterday = timezone.now() - timedelta(days=1)
    world.clients["expired"] = _program(tokens.issue(owner, "Expired", expires_at=yesterday)[1])


def _program(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)


VISITS = ("live", "collection", "locked", "opened", "guessed", "expired", "revoked", "blocked", "unknown")


def visitor(world: World, column: str) -> Client:
    """Return a browser in which nobody is signed in, and name the link that it has as `secret`.

    `opened` is after the password, `guessed` after a wrong one; `blocked` is a link of somebody who is.
    """
    client, names = Client(raise_request_exception=False), world.names
    name = {"collection": "live_collection", "opened": "locked", "guessed": "locked", "blocked": "live"}
    names["secret"] = names.get(f"{name.get(column, column)}_secret", "a" * 32)
    if column in ("opened", "guessed"):
        password = PASSWORD if column == "opened" else "no idea"
        client.post(f"/s/{names['secret']}/unlock", {"password": password})
    if column == "blocked":
        User.objects.filter(username="owner").update(is_active=False)
    return client
