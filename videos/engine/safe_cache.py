"""Django's cache as the engine uses it: whatever fails there counts as not cached, and stops nothing."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from django.core.cache import cache

logger = logging.getLogger(__name__)


def get_many(keys: Collection[str]) -> dict[str, Any]:
    """Return what is cached under each of `keys`, without those under which nothing is."""
    if not keys:
        return {}
    try:
        return cache.get_many(keys)
    except Exception as error:  # noqa: BLE001 - each kind of cache has errors of its own
        logger.debug("The cache could not be read: %s", error)
        return {}


def add(key: str, *, timeout: float) -> bool:
    """Mark `key` for `timeout` seconds. Returns False if it is marked; True too where nobody can tell."""
    try:
        return cache.add(key, True, timeout)
    except Exception as error:  # noqa: BLE001 - as above
        logger.debug("The cache could not be written: %s", error)
        return True


def delete(key: str) -> None:
    """Take `key` out of the cache, if that is possible."""
    try:
        cache.delete(key)
    except Exception as error:  # noqa: BLE001 - as above
        logger.debug("The cache could not be written: %s", error)


def set_many(values: Mapping[str, Any], *, timeout: float) -> None:
    """Cache `values` by their keys for `timeout` seconds, if that is possible."""
    if not values:
        return
    try:
        cache.set_many(dict(values), timeout)
    except Exception as error:  # noqa: BLE001 - as above
        logger.debug("The cache could not be written: %s", error)
