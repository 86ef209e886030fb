"""The cache in Redis, with this process's memory in its place while Redis is frozen or away."""

from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from contentgen.circuit_breaker import CircuitOpenError, redis_breaker

_MEMORY_NAME = "redis-fallback"  # under which all threads of a process find the same memory


def _with_fallback(name: str, *, in_both: bool = False) -> Any:
    """Return the method `name` of Django's Redis cache that asks the memory when Redis cannot be asked.

    What is done `in_both` also changes the memory while Redis answers.
    """

    def method(self: "FallbackRedisCache", *args: Any, **kwargs: Any) -> Any:
        in_memory = getattr(self.memory, name)
        try:
            with redis_breaker.attempt(RedisError, OSError):
                result = getattr(RedisCache, name)(self, *args, **kwargs)
        except (RedisError, OSError, CircuitOpenError):
            return in_memory(*args, **kwargs)
        if in_both:
            in_memory(*args, **kwargs)
        return result

    return method


class FallbackRedisCache(RedisCache):
    """Django's Redis cache, of which no call fails or waits long because of Redis.

    While `redis_breaker` is open, calls are answered from memory. So counts such as those of sign-in attempts
    hold for each process on its own meanwhile. What was cached in Redis before counts as not cached; all of
    it can be computed again.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.memory = LocMemCache(_MEMORY_NAME, {**params, "OPTIONS": {}})

    add = _with_fallback("add")
    get = _with_fallback("get")
    set = _with_fallback("set")
    touch = _with_fallback("touch")
    get_many = _with_fallback("get_many")
    has_key = _with_fallback("has_key")
    incr = _with_fallback("incr")
    set_many = _with_fallback("set_many")
    # A lock that was taken in memory is released there although Redis has come back.
    delete = _with_fallback("delete", in_both=True)
    delete_many = _with_fallback("delete_many", in_both=True)
    clear = _with_fallback("clear", in_both=True)
