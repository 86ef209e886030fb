"""Simulated users who request videos, derive others from them, cancel some and delete some."""

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
TIMEOUT = 2  # seconds; it makes a claim's lease 29 s, short enough to expire during a run
RECENT_VIDEOS = 60  # the newest, of which some are canceled or deleted: a finished video cannot be canceled
DERIVED_SHARE = 0.4  # of the requests, once there is a finished video to derive from
CANCELED_SHARE = 0.06  # of all videos
DELETED_SHARE = 0.04  # of all videos


@dataclass
class Users:
    """What the users did, by prompt: each video has a prompt of its own.

    `canceled` and `deleted` hold only the requests that were accepted; `derived` the remixes, edits and
    extensions.
    """

    rng: random.Random
    owners: list[User] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    canceled: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    derived: set[str] = field(default_factory=set)

    def set_up(self) -> None:
        """Create the accounts, and the backend (the simulator) with a short timeout."""
        self.owners = [User.objects.create_user(f"owner{n}") for n in range(OWNERS)]
        backend = Backend.objects.for_environment()
        backend.timeout, backend.max_in_flight = TIMEOUT, MAX_IN_FLIGHT
        backend.save(update_fields=["timeout", "max_in_flight"])

    def request_videos(self, count: int) -> None:
        """Request `count` videos, each with a prompt of its own."""
        for _ in range(count):
            prompt = f"A paper boat on a rainy street, number {len(self.prompts):05d}"
            if self.rng.random() < DERIVED_SHARE and (source := self._choose_source()):
                if self._attempt(partial(self._derive, source, prompt)):
                    self.prompts.append(prompt)
                    self.derived.add(prompt)
                continue
            request = GenerationRequest(prompt, "sora-2", 4, self.rng.choice(SIZES))
            if self._attempt(partial(create_video, self.rng.choice(self.owners), request)):
                self.prompts.append(prompt)

    def _choose_source(self) -> Video | None:
        """Return a finished video to derive from. Two generations suffice: six extensions are the limit."""
        sources = Video.objects.filter(state=State.COMPLETED, deleted_at=None, source__source=None)
        found = self._attempt(lambda: list(sources.order_by("pk")))
        return self.rng.choice(found) if isinstance(found, list) and found else None

    def _derive(self, source: Video, prompt: str) -> Video:
        operation = self.rng.choice(["remix", "edit", "extend"])
        if operation == "extend":
            return extend_video(source.owner, source, prompt, 4)
        return (remix_video if operation == "remix" else edit_video)(source.owner, source, prompt)

    def cancel_or_delete_one(self) -> None:
        """Cancel or delete one recent video, unless enough of all videos have been."""
        untouched = [p for p in self.prompts if p not in self.canceled and p not in self.deleted]
        if not untouched:
            return
        done = len(self.canceled) + len(self.deleted)
        if done >= (CANCELED_SHARE + DELETED_SHARE) * len(self.prompts):
            return
        prompt = self.rng.choice(untouched[-RECENT_VIDEOS:])
        video = Video.objects.filter(prompt=prompt).first()
        if video is None:
            return
        if self.rng.random() < DELETED_SHARE / (CANCELED_SHARE + DELETED_SHARE):
            if self._attempt(partial(delete_video, video)):
                self.deleted.add(prompt)
        elif self._attempt(partial(cancel_video, video)):
            self.canceled.add(prompt)

    def send_spurious_messages(self) -> None:
        """Send needless messages, twice each: about the backend, and about videos in any state."""
        backend = Backend.objects.for_environment()
        for task in ("submit", "poll_backend", "reconcile"):
            self._send_twice(task, backend.pk)
        pks = list(Video.objects.values_list("pk", flat=True))
        for pk in self.rng.sample(pks, min(3, len(pks))):
            self._send_twice(self.rng.choice(["store", "clean_up_video"]), pk)

    def _send_twice(self, task: str, pk: int) -> None:
        for _ in range(2):
            enqueue.send(task, pk)

    def _attempt(self, action: Callable[[], object]) -> object:
        """Return what `action` returns, or None when the database or the broker is not available."""
        try:
            return action()
        except (OperationalError, BrokerError):
            connection.close()
            return None
