"""What an import knows while it is under way: where things come from, where they went, and what was left."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from accounts.models import User
from videos.models import (
    Backend,
    Batch,
    Character,
    Collection,
    PromptTemplate,
    ReferenceImage,
    ShareLink,
    Tag,
    Video,
)
from videos.transfer.archive import Archive
from videos.transfer.errors import RowError
from videos.transfer.people import Backends, People
from videos.validation import is_public_id

_PUBLIC = (ReferenceImage, Character, Batch, Collection, ShareLink)


@dataclass
class Result:
    """How many rows of each kind were brought in, how many were here already; what was left out, and why."""

    new: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Places:
    """An import under way.

    `is_known`: the export is one of ours, or whoever runs the command says so. Only then are jobs and ledger
    lines believed, and files taken over as they are. `former_keys` are those that the ledger has of videos
    that are gone here.
    """

    archive: Archive
    sums: Mapping[str, str]
    people: People
    backends: Backends
    is_known: bool
    result: Result = field(default_factory=Result)
    former_keys: dict[str, int] = field(default_factory=dict)
    _keys: dict[tuple[str, str | int], int | None] = field(default_factory=dict)
    _tags: dict[tuple[int, str], int] = field(default_factory=dict)

    def owner(self, username: Any) -> User:
        """Return the account of an owner. Raises `RowError`."""
        found = self.people.find(username) if isinstance(username, str) else None
        if found is None:
            raise RowError("there is no account for its owner.")
        return found

    def remember(self, row: models.Model, key: str | int) -> None:
        """Note the key that a row of the export has here."""
        self._keys[row._meta.label, key] = row.pk

    def resolve(self, target: type[models.Model], key: Any) -> int | None:
        """Return the key here of what the export names; None for what is neither in it nor here.

        What is here counts only where the export is believed: the ids of others' things are no way to them.
        """
        if not isinstance(key, str | int):
            return None
        if target is User:
            user = self.people.find(str(key))
            return user.pk if user else None
        if target is Backend:
            return self.backends.find(str(key)).pk
        place = (target._meta.label, key)
        if place not in self._keys:
            if target is Video:  # of which there may be very many elsewhere
                return self._find(target, key)
            self._keys[place] = self._find(target, key)
        return self._keys[place]

    def _find(self, target: type[models.Model], key: Any) -> int | None:
        if target is PromptTemplate or not isinstance(key, str) or not is_public_id(key):
            return None
        if target not in (*_PUBLIC, Video) or not self.is_known:
            return None
        found = target._default_manager.filter(public_id=key).values_list("pk", flat=True).first()
        return None if found is None else int(found)

    def tag(self, owner: User, name: str) -> int:
        """Return the key of the owner's tag of that name, whatever its case; one is made if need be."""
        place = (owner.pk, name)
        if place not in self._tags:
            tag, _ = Tag.objects.get_or_create(owner=owner, name__iexact=name, defaults={"name": name})
            self._tags[place] = tag.pk
        return self._tags[place]


def stand_in_key(text: str) -> int:
    """Return a key, below zero, for who or what is gone: always the same, and never a row's."""
    return -1 - int.from_bytes(hashlib.sha256(text.encode()).digest()[:7])
