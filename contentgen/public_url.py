"""The studio's address as the internet has it: `PUBLIC_URL`, and the path in it that the studio is below."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def path_of(url: str) -> str | None:
    """Return the path that a studio with this address is below, without a slash at its end; None for none."""
    try:
        return urlsplit(url).path.rstrip("/") or None
    except ValueError:
        return None


def public_address(path: str) -> str:
    """Return the whole address of `path`, as `reverse` returns it; the path alone without `PUBLIC_URL`."""
    url: str = settings.PUBLIC_URL
    return url.removesuffix(path_of(url) or "") + path


class SubPath:
    """Serves a WSGI application below `path`, whether the proxy passes the path on or takes it away."""

    def __init__(self, application: Application, path: str) -> None:
        self._application, self._path = application, path

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = environ.get("PATH_INFO", "")
        if asked == self._path or asked.startswith(f"{self._path}/"):
            environ["PATH_INFO"] = asked[len(self._path) :] or "/"
        return self._application(environ, start_response)
