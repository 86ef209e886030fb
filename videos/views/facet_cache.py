"""The library's counts, remembered where counting takes long: a page is not to wait for them."""

import hashlib
import time
from dataclasses import dataclass, replace

from django.core.cache import cache

from accounts.models import User
from videos.views.search import Found, Search, count

MANY = 2000  # videos; fewer are counted for every page
FRESH = 10  # seconds for which counts are shown as they are
KEPT = 600  # seconds for which they are shown while they are counted anew


@dataclass(frozen=True)
class Counts:
    """What was found. `is_old`: the page asks for it again by itself."""

    found: Found
    is_old: bool = False


def recall(search: Search, owner: User) -> Counts:
    """Return the counts of a search. Those of many videos may be as old as KEPT."""
    try:
        known = cache.get(_key(search, owner))
    except Exception:  # noqa: BLE001 - each kind of cache has errors of its own, and none may close the library
        known = None
    if known is None:
        return anew(search, owner)
    moment, found = known
    return Counts(found, is_old=time.time() - moment > FRESH)


def anew(search: Search, owner: User) -> Counts:
    """Count now, and remember it where it took long."""
    found = count(search, owner)
    if found.counted >= MANY:
        try:
            cache.set(_key(search, owner), (time.time(), found), KEPT)
        except Exception:  # noqa: BLE001 - as above
            return Counts(found)
    return Counts(found)


def _key(search: Search, owner: User) -> str:
    asked = replace(search, sort="").address
    return f"library:{owner.pk}:{hashlib.sha256(asked.encode()).hexdigest()}"
