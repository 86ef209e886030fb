"""An end to waiting for what cannot be told how long it may take, such as a disk on a network."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_hanging: dict[str, threading.Thread] = {}


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` returns, or raise what it raises; `TimeoutError` after `seconds`.

    It runs in a thread of its own, so it must not use the database. One that hangs is left behind, and until
    it ends nobody starts the same again or waits for it.
    """
    name = f"{call.__module__}.{call.__qualname__}"
    found: list[T] = []
    errors: list[BaseException] = []
    with _lock:
        if (before := _hanging.get(name)) is not None and before.is_alive():
            raise TimeoutError(f"{name} hangs")
        thread = threading.Thread(target=_run, args=(call, found, errors), name=name, daemon=True)
        thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _hanging[name] = thread
        raise TimeoutError(f"{name} took longer than {seconds:g} s")
    if errors:
        raise errors[0]
    return found[0]


def _run(call: Callable[[], Any], found: list[Any], errors: list[BaseException]) -> None:
    try:
        found.append(call())
    except Exception as error:  # noqa: BLE001 - raised again by whoever waits
        errors.append(error)
