"""A Celery worker in which one backend may take every thread, as before there were shares (`bulkhead`)."""

from collections.abc import Callable

from celery.__main__ import main

from videos.engine import bulkhead


def _without_shares(real: Callable[[int], None]) -> Callable[[int], None]:
    """Return a `set_threads` after which there is always a free thread for everybody."""
    return lambda count: real(1000 * count)


if __name__ == "__main__":
    bulkhead.set_threads = _without_shares(bulkhead.set_threads)
    main()
