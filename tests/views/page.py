"""What the tests of pages share: a page as a person (or HTMX) gets it, and files to upload."""

import io
import struct
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

HTMX = {"HX-Request": "true"}
GOOD = {"prompt": "A paper boat on a rainy street", "model": "sora-2", "seconds": "4", "size": "1280x720"}


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    """An image file of `kind`."""
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def bomb(side: int = 20_000) -> bytes:
    """A small PNG that claims to be `side` by `side` pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    row = zlib.compress(b"\x00" * (side // 8 + 1) * 50)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def upload(content: bytes, name: str = "boat.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")
