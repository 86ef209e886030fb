"""The library's facet counts, cached where counting takes long: a page is not to wait for them."""

import hashlib
import time
from dataclasses import dataclass, replace

from django.core.cache import cache
from django.utils.translation import get_language

from accounts.models import User
from videos.views.facets import FacetCounts, count_facets
from videos.views.search import Search

MIN_CACHED = 2000  # videos counted; fewer are counted again for every page
FRESH_FOR = 10  # seconds for which counts are shown as they are
CACHED_FOR = 600  # seconds for which older counts are shown while the page asks for new ones


@dataclass(frozen=True)
class CachedCounts:
    """The counts of a search. When they are stale, the page asks for new ones by itself."""

    counts: FacetCounts
    is_stale: bool = False


def cached_counts(search: Search, owner: User) -> CachedCounts:
    """Return the counts of a search. Those of many videos may be as old as CACHED_FOR."""
    try:
        cached = cache.get(_key(search, owner))
    except Exception:  # noqa: BLE001 - each kind of cache has errors of its own, and none may close the library
        cached = None
    if cached is None:
        return fresh_counts(search, owner)
    counted_at, counts = cached
    return CachedCounts(counts, is_stale=time.time() - counted_at > FRESH_FOR)


def fresh_counts(search: Search, owner: User) -> CachedCounts:
    """Count now, and cache the counts of many videos."""
    counts = count_facets(search, owner)
    if counts.examined >= MIN_CACHED:
        try:
            cache.set(_key(search, owner), (time.time(), counts), CACHED_FOR)
        except Exception:  # noqa: BLE001 - as above
            return CachedCounts(counts)
    return CachedCounts(counts)


def _key(search: Search, owner: User) -> str:
    address = replace(search, sort="").address  # the labels are in the language of who asked
    return f"library:{owner.pk}:{get_language()}:{hashlib.sha256(address.encode()).hexdigest()}"
