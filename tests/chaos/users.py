"""Simulated users who request videos, derive others from them, cancel some and delete some.

Half of what they ask for they ask for in the same few words, at the same model, size and length: each with a
reference image of their own, or with none. So a list of jobs cannot tell whose job is whose.

All of them spend from one budget of the studio. It begins with a tenth of what the run needs, and is raised
by as much whenever it refuses somebody.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from django.db import OperationalError, connection
from django.db.models import Sum
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from accounts.models import User
from billing.errors import BudgetExceededError
from billing.models import LedgerLine, Scope
from billing.money import ZERO
from billing.targets import Target, set_budget
from tests.chaos.reference_images import Image, new_image
from tests.chaos.simulators import RATE, Simulator
from videos.engine import enqueue
from videos.models import Backend, State, Video, VideoModel
from videos.models.backend_capabilities import SIMULATOR_CAPABILITIES
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.generation_requests import GenerationRequest, make_takes
from videos.services.video_actions import cancel_video, delete_video
from videos.services.videos import create_videos

OWNERS = 5
SIZES = ("1280x720", "720x1280")
MAX_IN_FLIGHT = 60
TIMEOUT = 2  # seconds; it makes a claim's lease 29 s, short enough to expire during a run
RECENT_VIDEOS = 60  # the newest, of which some are canceled or deleted: a finished video cannot be canceled
DERIVED_SHARE = 0.3  # of the requests, once there is a finished video to derive from
REPEATED_SHARE = 0.5  # of the requests: in words that others use as well
REFERENCE_SHARE = 0.7  # of the creates in such words: with an image
TAKES = (1, 1, 1, 2)
CANCELED_SHARE = 0.06  # of all videos
DELETED_SHARE = 0.04  # of all videos
_REFUSED = "refused by the budget"
REPEATED_PROMPTS = ("A paper boat on a rainy street", "A lantern over the sea at night")


@dataclass(frozen=True)
class Requested:
    """All that is sent, and for whom: videos that are equal in this are exchangeable.

    `reference` is the SHA-256 of the image as the backend receives it.
    """

    owner: int
    kind: str
    prompt: str
    model: str
    size: str
    seconds: int
    source: int | None = None
    reference: str | None = None


@dataclass
class Users:
    """What the users did, by the primary key of the video.

    `canceled` and `deleted` hold only the requests that were accepted; `derived` the remixes, edits and
    extensions. `budget` is what the studio's budget has now, None without one; `refused` counts what it
    refused, and `overspent` says when it had been passed.
    """

    rng: random.Random
    owners: list[User] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    requested: dict[int, Requested] = field(default_factory=dict)
    canceled: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    derived: set[int] = field(default_factory=set)
    budget: Decimal | None = None
    refused: int = 0
    overspent: list[str] = field(default_factory=list)
    _raise: Decimal = ZERO

    def set_up(self, simulators: Iterable[Simulator]) -> None:
        """Create the accounts, and a backend with a short timeout for each simulator and its model."""
        self.owners = [User.objects.create_user(f"owner{n}") for n in range(OWNERS)]
        for simulator in simulators:
            backend = Backend.objects.create(
                name=simulator.name,
                base_url=f"http://127.0.0.1:{simulator.port}/v1",
                timeout=TIMEOUT,
                max_in_flight=MAX_IN_FLIGHT,
                probed_at=timezone.now(),
                charges_failures=True,  # as the simulators do, whose ledgers have every job they accepted
                **SIMULATOR_CAPABILITIES,
            )
            model = VideoModel.objects.get(name=simulator.model)
            model.price_per_second = {"*": str(RATE)}
            model.save(update_fields=["price_per_second"])
            model.backends.set([backend])
            self.models.append(simulator.model)

    def bound_by_budget(self, videos: int) -> None:
        """Give the studio a hard budget, for a tenth of so many videos; each refusal raises it by as much."""
        self._raise = max(1, videos // 10) * 4 * RATE
        self._raise_budget()

    def _raise_budget(self) -> None:
        budget = (self.budget or ZERO) + self._raise
        set_budget(Target(Scope.STUDIO), "total", budget)
        self.budget = budget

    def _note_refusal(self) -> None:
        """Check that the budget which refused something has not been passed, and raise it."""
        used = LedgerLine.objects.aggregate(used=Sum("net"))["used"] or ZERO
        if self.budget is not None and used > self.budget:
            self.overspent.append(f"{used} of a budget of {self.budget}")
        self.refused += 1
        self._raise_budget()

    def request_videos(self, count: int) -> None:
        """Request `count` videos."""
        wanted = len(self.requested) + count
        while len(self.requested) < wanted:
            source = self._choose_source() if self.rng.random() < DERIVED_SHARE else None
            is_made = self._request_derived(source) if source else self._request_created(wanted)
            if not is_made:
                return

    def _request_created(self, wanted: int) -> bool:
        owner, prompt = self.rng.choice(self.owners), self._choose_prompt()
        model, size, image = self.rng.choice(self.models), SIZES[0], None
        if prompt in REPEATED_PROMPTS:
            if self.rng.random() < REFERENCE_SHARE:
                image = self._attempt(partial(new_image, owner, size, self.rng))
        else:
            size = self.rng.choice(SIZES)
        reference = image.row if isinstance(image, Image) else None
        digest = image.digest if isinstance(image, Image) else None
        request = GenerationRequest(prompt, model, 4, size, reference=reference)
        count = min(self.rng.choice(TAKES), wanted - len(self.requested))
        videos = self._attempt(
            partial(self._spend, partial(create_videos, owner, make_takes(request, count)))
        )
        if not isinstance(videos, list):
            return videos is _REFUSED
        for video in videos:
            self._note(video, digest)
        return True

    def _choose_prompt(self) -> str:
        if self.rng.random() < REPEATED_SHARE:
            return self.rng.choice(REPEATED_PROMPTS)
        return f"A paper boat, number {len(self.requested):05d}, on a rainy street"

    def _choose_source(self) -> Video | None:
        """Return a finished video to derive from. Two generations suffice: six extensions are the limit."""
        sources = Video.objects.filter(state=State.COMPLETED, deleted_at=None, source__source=None)
        found = self._attempt(lambda: list(sources.select_related("owner", "backend").order_by("pk")))
        return self.rng.choice(found) if isinstance(found, list) and found else None

    def _request_derived(self, source: Video) -> bool:
        operation, prompt = self.rng.choice(["remix", "edit", "extend"]), self._choose_prompt()
        if operation == "extend":
            derive = partial(extend_video, source.owner, source, prompt, 4)
        else:
            derive = partial(
                remix_video if operation == "remix" else edit_video, source.owner, source, prompt
            )
        video = self._attempt(partial(self._spend, derive))
        if not isinstance(video, Video):
            return video is _REFUSED
        self._note(video, None)
        self.derived.add(video.pk)
        return True

    def _note(self, video: Video, reference: str | None) -> None:
        self.requested[video.pk] = Requested(
            video.owner_id,
            video.kind,
            video.prompt,
            video.model,
            video.size,
            video.seconds,
            video.source_id,
            reference,
        )

    def cancel_or_delete_one(self) -> None:
        """Cancel or delete one recent video, unless enough of all videos have been."""
        untouched = sorted(self.requested.keys() - self.canceled - self.deleted)
        if not untouched:
            return
        done = len(self.canceled) + len(self.deleted)
        if done >= (CANCELED_SHARE + DELETED_SHARE) * len(self.requested):
            return
        video = Video.objects.filter(pk=self.rng.choice(untouched[-RECENT_VIDEOS:])).first()
        if video is None:
            return
        if self.rng.random() < DELETED_SHARE / (CANCELED_SHARE + DELETED_SHARE):
            if self._attempt(partial(delete_video, video)):
                self.deleted.add(video.pk)
        elif self._attempt(partial(cancel_video, video)):
            self.canceled.add(video.pk)

    def send_spurious_messages(self) -> None:
        """Send needless messages, twice each: about the backends, and about videos in any state."""
        for backend_id in Backend.objects.values_list("pk", flat=True):
            for task in ("submit", "poll_backend", "reconcile"):
                self._send_twice(task, backend_id)
        pks = list(Video.objects.values_list("pk", flat=True))
        for pk in self.rng.sample(pks, min(3, len(pks))):
            self._send_twice(self.rng.choice(["store", "clean_up_video"]), pk)

    def _send_twice(self, task: str, pk: int) -> None:
        for _ in range(2):
            enqueue.send(task, pk)

    def _spend(self, action: Callable[[], object]) -> object:
        """Return what `action` returns, or `_REFUSED` when the budget has too little left for it."""
        try:
            return action()
        except BudgetExceededError:
            self._note_refusal()
            return _REFUSED

    def _attempt(self, action: Callable[[], object]) -> object:
        """Return what `action` returns, or None when the database or the broker is not available."""
        try:
            return action()
        except (OperationalError, BrokerError):
            connection.close()
            return None
