"""Whether what is to be brought in fits into the storage that each person may take up."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.db.models import Model
from django.template.defaultfilters import filesizeformat

from accounts.models import User
from videos.engine.storage_use import quota_of, used_bytes
from videos.models import Character, ReferenceImage, Video
from videos.transfer import archive as reading
from videos.transfer.archive import Archive
from videos.transfer.errors import RowError, TransferError
from videos.transfer.rows import Document
from videos.validation import is_storable

_NAMED = 5  # people in one sentence
_WHAT_TO_DO = (
    "Nothing was imported. Give them a larger storage quota in the admin under Users, make room, or say "
    "--over-quota: then new videos are refused until there is room again."
)

Lines = Callable[[str], Iterator[Document]]
Find = Callable[[str], User | None]


@dataclass(frozen=True)
class Arrival:
    """What comes to one person: `size` bytes. An account that is still to be made has no key."""

    person: User
    size: int

    @property
    def refusal(self) -> str:
        """Why it does not fit into the person's storage, in a sentence; empty if it does."""
        quota = quota_of(self.person)
        if quota is None or not self.size:
            return ""
        used = used_bytes(self.person.pk) if self.person.pk else 0
        if used + self.size <= quota:
            return ""
        return (
            f"The storage of “{self.person.username}” has no room for this: {filesizeformat(used)} of "
            f"{filesizeformat(quota)} are used, and it takes {filesizeformat(self.size)}."
        )


def require_quota(arrivals: Iterable[Arrival]) -> None:
    """Raise `TransferError`, which names them, unless everybody has room for what comes to them."""
    full = [each.refusal for each in arrivals if each.refusal]
    if full:
        more = f" The same goes for {len(full) - _NAMED} more people." if len(full) > _NAMED else ""
        raise TransferError(f"{' '.join(full[:_NAMED])}{more} {_WHAT_TO_DO}")


def arrivals(archive: Archive, lines: Lines, people: Iterable[Document], find: Find) -> list[Arrival]:
    """Return how many bytes of new files come to each person who has a quota, as the archive has them.

    What is here already is not counted, so that an import that was cut off can go on. `find` returns the
    account that a name of the export has here. What cannot be read is refused when it is its turn.
    """
    accounts = _limited(people, find)
    sizes: Counter[str] = Counter()
    if not accounts:
        return []
    for document in _documents(archive, lines):
        name = document.get("owner")
        if isinstance(name, str) and name in accounts:
            sizes[accounts[name].username] += sum(_sizes(archive, document))
    by_account = {each.username: each for each in accounts.values()}  # one may be several in the export
    return [Arrival(by_account[name], size) for name, size in sizes.items()]


def _limited(people: Iterable[Document], find: Find) -> dict[str, User]:
    """Return the accounts that have a quota, by the names in the export."""
    names = [name for each in people if is_storable(name := str(each.get("username")))]
    accounts = {name: find(name) or User(username=name) for name in names}
    return {name: account for name, account in accounts.items() if quota_of(account) is not None}


def _documents(archive: Archive, lines: Lines) -> Iterator[Document]:
    for line in _new(Video, lines("videos")):
        with suppress(RowError):
            path = str(line.get("document"))
            yield reading.parse_object(reading.read_bytes(archive, path), path)
    yield from _new(ReferenceImage, lines("references"))
    yield from _new(Character, lines("characters"))


def _new(model: type[Model], documents: Iterator[Document]) -> Iterator[Document]:
    for document in documents:
        key = str(document.get("public_id"))[:64]
        if is_storable(key) and not model._default_manager.filter(public_id=key).exists():
            yield document


def _sizes(archive: Archive, document: Document) -> Iterator[int]:
    told = document.get("files")
    for each in told.values() if isinstance(told, dict) else ():
        with suppress(RowError):
            yield archive.size(str(each.get("path") if isinstance(each, dict) else None))
