"""One short conversation with the broker, for whoever wants to know how it is."""

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT = 1  # seconds to connect, and for each reply


def connect() -> Redis:
    """Return a connection that waits `TIMEOUT` seconds at most and tries nothing twice; close it.

    Raises `RuntimeError` where there is no broker to connect to.
    """
    if not settings.REDIS_URL:
        raise RuntimeError("REDIS_URL is not set, and `make run` is not running")
    retry = Retry(NoBackoff(), retries=0)  # whoever asks will ask again
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=retry
    )
