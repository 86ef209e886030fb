"""A file of an object store, read from there as far as it is asked for."""

import errno
import io
from collections.abc import Callable, Mapping
from typing import Any, Self

from botocore.exceptions import BotoCoreError
from django.core.files import File
from urllib3.exceptions import HTTPError

_BUFFER = 256 << 10  # bytes that are read ahead
_TRIES = 3  # for one piece, where the connection breaks off

_SMALLEST_PIECE, _LARGEST_PIECE = 256 << 10, 8 << 20  # bytes

# Asks for the file from a byte on, of the version that a tag names; an empty one stands for the latest.
Ask = Callable[[int, str], Mapping[str, Any]]


class RemoteFile(File[bytes]):
    """A file of a store. It holds a piece of it in memory, and can be opened again.

    Raises `OSError` where the store is away, or has another file under the name by now.
    """

    def __init__(self, name: str, ask: Ask) -> None:
        self._ask = ask
        content = _Content(name, ask)
        super().__init__(io.BufferedReader(content, _BUFFER), name)
        self.size = content.size

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> Self:
        if self.closed:
            content = _Content(str(self.name), self._ask)
            self.file = io.BufferedReader(content, _BUFFER)
        else:
            self.seek(0)
        return self


class _Content(io.RawIOBase):
    """The bytes of an object. Where a connection breaks off, another one goes on, with the same version."""

    def __init__(self, name: str, ask: Ask) -> None:
        self._name, self._ask, self._position = name, ask, 0
        self._body: Any = None  # before anything fails: `close` looks at it
        found = ask(0, "")
        self.size = int(found["ContentLength"])
        self._etag: str = found["ETag"]
        self._body = found["Body"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if (position := max(0, base + offset)) != self._position:
            self._let_go()
            self._position = position
        return position

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self.size - self._position)
        if wanted <= 0:
            return 0
        data = self._read_patiently(wanted)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _read_patiently(self, wanted: int) -> bytes:
        failure: Exception | None = None
        for _ in range(_TRIES):
            try:
                return self._read(wanted)
            except (BotoCoreError, HTTPError) as error:
                failure = error
                self._let_go()
        raise OSError(errno.EIO, f"it broke off: {failure}", self._name) from failure

    def _read(self, wanted: int) -> bytes:
        if self._body is None:
            self._body = self._ask(self._position, self._etag)["Body"]
        data: bytes = self._body.read(wanted)
        if not data:
            raise HTTPError("no more bytes came")
        return data

    def _let_go(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()


class PiecewiseBody:
    """The bytes of an object from `position` on, where its library has no stream to read them from: asked for
    in pieces that grow, so that whoever reads a header gets little more, and whoever reads all asks seldom.

    `fetch` returns so many bytes from a position, fewer where the object ends.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], position: int) -> None:
        self._fetch, self._position, self._piece = fetch, position, _SMALLEST_PIECE
        self._left = memoryview(b"")

    def read(self, count: int) -> bytes:
        """Return at most `count` bytes; none at the end."""
        if not self._left:
            self._left = memoryview(self._fetch(self._position, max(count, self._piece)))
            self._position += len(self._left)
            self._piece = min(2 * self._piece, _LARGEST_PIECE)
        data, self._left = self._left[:count], self._left[count:]
        return bytes(data)

    def close(self) -> None:
        """Nothing is open between two pieces."""
