"""The people of a run: owners who ask for videos, make others from them, cancel some and delete some."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django.db import OperationalError, connection
from kombu.exceptions import OperationalError as BrokerError

from accounts.models import User
from videos.engine import enqueue
from videos.models import Backend, State, Video
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.videos import GenerationRequest, cancel_video, create_video, delete_video

OWNERS = 5
SIZES = ("1280x720", "720x1280")
MAX_IN_FLIGHT = 120
TIMEOUT = 2  # seconds; with it a claim's lease is 29 s, so that recovering can be watched
RECENT = 60  # videos from whose wishes minds are changed: what is finished cannot be canceled
DERIVED = 0.4  # of the wishes, where anything is finished that a video can be made from
CANCELED = 0.06  # of all videos
DELETED = 0.04


@dataclass
class People:
    """Who does what to which video. `canceled` and `deleted` hold the prompts whose owner was heard,
    `derived` those of remixes, edits and extensions.
    """

    dice: random.Random
    owners: list[User] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    canceled: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    derived: set[str] = field(default_factory=set)

    def settle_in(self) -> None:
        """Make the accounts, and the backend: the simulator, with little patience."""
        self.owners = [User.objects.create_user(f"owner{n}") for n in range(OWNERS)]
        backend = Backend.objects.for_environment()
        backend.timeout, backend.max_in_flight = TIMEOUT, MAX_IN_FLIGHT
        backend.save(update_fields=["timeout", "max_in_flight"])

    def ask_for(self, count: int) -> None:
        """Ask for `count` videos, each with a prompt of its own."""
        for _ in range(count):
            prompt = f"A paper boat on a rainy street, number {len(self.prompts):05d}"
            if self.dice.random() < DERIVED and (source := self._finished()):
                if self._insist(partial(self._derive, source, prompt)):
                    self.prompts.append(prompt)
                    self.derived.add(prompt)
                continue
            wish = GenerationRequest(prompt, "sora-2", 4, self.dice.choice(SIZES))
            if self._insist(partial(create_video, self.dice.choice(self.owners), wish)):
                self.prompts.append(prompt)

    def _finished(self) -> Video | None:
        """A video to make another from. Two generations are enough: a film is extended six times at most."""
        sources = Video.objects.filter(state=State.COMPLETED, deleted_at=None, source__source=None)
        found = self._insist(lambda: list(sources.order_by("pk")))
        return self.dice.choice(found) if isinstance(found, list) and found else None

    def _derive(self, source: Video, prompt: str) -> Video:
        way = self.dice.choice(["remix", "edit", "extend"])
        if way == "extend":
            return extend_video(source.owner, source, prompt, 4)
        return (remix_video if way == "remix" else edit_video)(source.owner, source, prompt)

    def change_their_minds(self) -> None:
        """Cancel one video, or delete one, now and then."""
        untouched = [p for p in self.prompts if p not in self.canceled and p not in self.deleted]
        if not untouched:
            return
        done = len(self.canceled) + len(self.deleted)
        if done >= (CANCELED + DELETED) * len(self.prompts):
            return
        prompt = self.dice.choice(untouched[-RECENT:])
        video = Video.objects.filter(prompt=prompt).first()
        if video is None:
            return
        if self.dice.random() < DELETED / (CANCELED + DELETED):
            if self._insist(partial(delete_video, video)):
                self.deleted.add(prompt)
        elif self._insist(partial(cancel_video, video)):
            self.canceled.add(prompt)

    def shout(self) -> None:
        """Send messages nobody needs, twice each: about any video in any state, and about the backend."""
        backend = Backend.objects.for_environment()
        for task in ("submit", "poll_backend", "reconcile"):
            self._twice(task, backend.pk)
        pks = list(Video.objects.values_list("pk", flat=True))
        for pk in self.dice.sample(pks, min(3, len(pks))):
            self._twice(self.dice.choice(["store", "forget"]), pk)

    def _twice(self, task: str, pk: int) -> None:
        for _ in range(2):
            enqueue.send(task, pk)

    def _insist(self, act: Callable[[], object]) -> object:
        """Do it; a studio that is too busy or just dying makes a person press the button again later."""
        try:
            return act()
        except (OperationalError, BrokerError):
            connection.close()
            return None
