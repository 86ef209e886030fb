"""Files of at most 10 MB that are made to cost a reader memory or time: the generators of a corpus.

Each is built anew from a few lines, so that no such file lies in the repository. `make_bomb` builds one in a
process of its own, because some take a gigabyte to build.
"""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
import pillow_heif
from PIL import Image

LIMIT = 10 * 1024 * 1024  # bytes, the default of MAX_FILE_SIZE


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *, colour_type: int = 2, bits: int = 8, extra: bytes = b"") -> bytes:
    """Return a PNG of zeros, which pack into a thousandth; `extra` are chunks before the pixels."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    packer = zlib.compressobj()
    row = bytes(1 + width * channels * bits // 8)
    rows = [packer.compress(row) for _ in range(height)]
    data = b"".join([*rows, packer.flush()])
    palette = png_chunk(b"PLTE", bytes(768)) + png_chunk(b"tRNS", bytes(256)) if colour_type == 3 else b""
    body = [png_chunk(b"IHDR", header), palette, extra, png_chunk(b"IDAT", data), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def png_of_text() -> bytes:
    """A thousand texts, each of which unpacks to ten million letters."""
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 10_000_000, 9))
    return png(64, 64, extra=text * 900)


def png_of_profile() -> bytes:
    """A colour profile that unpacks to 1 GB."""
    packer = zlib.compressobj()
    block = bytes(1 << 20)
    packed = b"".join([*(packer.compress(block) for _ in range(1024)), packer.flush()])
    return png(64, 64, extra=png_chunk(b"iCCP", b"p\0\0" + packed))


def png_of_chunks() -> bytes:
    return png(64, 64, extra=png_chunk(b"tEXt", b"a\0b") * (LIMIT // 18))


def png_of_frames() -> bytes:
    """An animation of a hundred thousand frames, each of the whole canvas."""
    control = png_chunk(b"acTL", struct.pack(">II", 100_000, 0))
    frame = png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 4000, 4000, 0, 0, 1, 100, 0, 0))
    return png(4000, 4000, extra=control + frame * 100_000)


def image(kind: str, size: tuple[int, int], mode: str = "RGB", **options: Any) -> bytes:
    buffer = BytesIO()
    Image.new(mode, size, 128).save(buffer, kind, **options)
    return buffer.getvalue()


def noise(kind: str, size: tuple[int, int], **options: Any) -> bytes:
    buffer = BytesIO()
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg_of_scans(side: int, count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    content = image("JPEG", (side, side), progressive=True)
    last = content.rindex(b"\xff\xda")
    scan = content[last:-2]
    return content[:-2] + scan * min(count, (LIMIT - len(content)) // len(scan)) + b"\xff\xd9"


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_of_exif() -> bytes:
    """EXIF data with thousands of entries that all refer to the same 10 KB, over and over."""
    entries = [struct.pack("<HHII", 0x9000 + i % 4000, 7, 10_000, 60_000 - 10_000) for i in range(4000)]
    tiff = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + bytes(4)
    segment = jpeg_segment(0xE1, b"Exif\0\0" + tiff.ljust(65_000, b"\0"))
    content = image("JPEG", (640, 480))
    return content[:2] + segment * 150 + content[2:]


def jpeg_of_profile() -> bytes:
    """A colour profile of nine megabytes of noise."""
    body = random.Random(1).randbytes(65_000)
    parts = [jpeg_segment(0xE2, b"ICC_PROFILE\0" + bytes([i + 1, 140]) + body) for i in range(140)]
    content = image("JPEG", (640, 480))
    return content[:2] + b"".join(parts) + content[2:]


def webp_of_frames() -> bytes:
    """An animation of thousands of frames on a large canvas."""
    frames = [Image.new("RGB", (3000, 3000), colour) for colour in ("red", "blue")]
    buffer = BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=10)
    content = buffer.getvalue()
    at = content.rindex(b"ANMF")
    frame = content[at:]
    whole = content + frame * ((LIMIT - len(content)) // len(frame) // 4)
    return b"RIFF" + struct.pack("<I", len(whole) - 8) + whole[8:]


def box(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def nested_boxes(brand: bytes, name: bytes, depth: int = 100_000) -> bytes:
    """Boxes within boxes, each claiming to hold the rest."""
    head = box(b"ftyp", brand + bytes(4) + brand + b"mif1")
    headers = [struct.pack(">I", 8 * (depth - level)) + name for level in range(depth)]
    return head + b"".join(headers)


def flat_boxes() -> bytes:
    return box(b"ftyp", b"isom" + bytes(4) + b"isom") + box(b"free") * (LIMIT // 8 - 100) + box(b"moov")


def claimed_size(content: bytes, box_name: bytes = b"ispe", side: int = 30_000) -> bytes:
    """Return a HEIC or an AVIF whose header claims another size than it has."""
    at = content.index(box_name) + 8
    return content[:at] + struct.pack(">II", side, side) + content[at + 8 :]


def video(
    size: tuple[int, int],
    count: int,
    *,
    codec: str = "libx264",
    gop: int = 12,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return an MP4 of `count` grey frames, one key frame in each `gop`."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        with av.open(str(path), "w") as container:
            stream: Any = container.add_stream(codec, rate=30)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.gop_size = gop
            stream.options = {"preset": "ultrafast", "crf": "40", "sc_threshold": "0", **(options or {})}
            frame = av.VideoFrame(*size, "yuv420p")
            for plane in frame.planes:
                plane.update(b"\x80" * plane.buffer_size)
            for index in range(count):
                frame.pts = index
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path.read_bytes()


def pixel_shape(content: bytes, across: int, down: int) -> bytes:
    """Return the clip with pixels of another shape: a `pasp` box at the end of its sample entry."""
    shape = box(b"pasp", struct.pack(">II", across, down))
    return _insert(content, (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"), shape)


def _insert(content: bytes, path: tuple[bytes, ...], addition: bytes) -> bytes:
    """Return the clip with a box more at the end of the box at `path`.

    The clip's index comes last, so that no offset changes.
    """
    changed, at, size = bytearray(content), 0, 0
    for name in path:
        at = content.index(name, at) - 4
        (size,) = struct.unpack_from(">I", content, at)
        struct.pack_into(">I", changed, at, size + len(addition))
        at += 4
    end = at - 4 + size
    return bytes(changed[:end]) + addition + bytes(changed[end:])


def video_of_tracks(count: int) -> bytes:
    """Return a clip with the same track that many times."""
    content = video((64, 64), 4)
    at = content.index(b"trak") - 4
    (size,) = struct.unpack_from(">I", content, at)
    return _insert(content, (b"moov",), content[at : at + size] * count)


def claimed_frames(count: int = 1 << 28) -> bytes:
    """Return a clip whose tables promise millions of frames of one byte each."""
    content = bytearray(video((64, 64), 4))
    at = content.index(b"stsz") + 8
    content[at : at + 8] = struct.pack(">II", 1, count)
    at = content.index(b"stts") + 12
    content[at : at + 4] = struct.pack(">I", count)
    at = content.index(b"stsc") + 16
    content[at : at + 4] = struct.pack(">I", count)
    return bytes(content)


IMAGES: dict[str, Callable[[], bytes]] = {
    "PNG, 16,000 x 16,000": lambda: png(16_000, 16_000, colour_type=0),
    "PNG, 50 megapixels with alpha": lambda: png(7000, 7000, colour_type=6),
    "PNG, 50 megapixels with alpha, 16 bits": lambda: png(7000, 7000, colour_type=6, bits=16),
    "PNG, 50 megapixels of grey, 16 bits": lambda: png(7000, 7000, colour_type=0, bits=16),
    "PNG, 50 megapixels of grey with alpha": lambda: png(7000, 7000, colour_type=4),
    "PNG, 50 megapixels with a palette": lambda: png(7000, 7000, colour_type=3),
    "PNG, zTXt": png_of_text,
    "PNG, ICC": png_of_profile,
    "PNG, many chunks": png_of_chunks,
    "PNG, many frames": png_of_frames,
    "JPEG, 50 megapixels": lambda: image("JPEG", (7000, 7000)),
    "JPEG, 50 megapixels, progressive": lambda: image("JPEG", (7000, 7000), progressive=True, subsampling=0),
    "JPEG, 50 megapixels of CMYK": lambda: image("JPEG", (7000, 7000), mode="CMYK"),
    "JPEG, 20 megapixels, 300 scans": lambda: jpeg_of_scans(4500, 300),
    "JPEG, 0.25 megapixels, 50,000 scans": lambda: jpeg_of_scans(500, 50_000),
    "JPEG, 9 megapixels, 80 scans": lambda: jpeg_of_scans(3000, 80),
    "JPEG, 45 megapixels, 20 scans": lambda: jpeg_of_scans(6700, 10),
    "JPEG, EXIF": jpeg_of_exif,
    "JPEG, ICC": jpeg_of_profile,
    "WebP, 8,000 x 8,000": lambda: image("WEBP", (8000, 8000), lossless=True, method=0),
    "WebP, 25 megapixels": lambda: image("WEBP", (5000, 5000), lossless=True, method=0),
    "WebP, many frames": webp_of_frames,
    "GIF, many frames": lambda: image("GIF", (2000, 2000)) * 1000,
    "AVIF, 20 megapixels": lambda: image("AVIF", (5000, 4000), speed=10),
    "AVIF, claims 30,000 x 30,000": lambda: claimed_size(image("AVIF", (64, 64))),
    "AVIF, deep boxes": lambda: nested_boxes(b"avif", b"meta"),
    "HEIC, 20 megapixels": lambda: image("HEIF", (5000, 4000)),
    "HEIC, claims 30,000 x 30,000": lambda: claimed_size(image("HEIF", (64, 64))),
    "HEIC, deep boxes": lambda: nested_boxes(b"heic", b"meta"),
}

CLIPS: dict[str, Callable[[], bytes]] = {
    "MP4, pixels of 300:1": lambda: pixel_shape(video((64, 64), 24), 300, 1),
    "MP4, pixels of 1:300": lambda: pixel_shape(video((64, 64), 24), 1, 300),
    "MP4, 8192 x 4320": lambda: video((8192, 4320), 2, options={"refs": "16", "level": "6.2"}),
    "MP4, 4096 x 2304, 16 frames of reference": lambda: video(
        (4096, 2304), 40, options={"preset": "ultrafast", "refs": "16", "level": "6.2"}
    ),
    "MP4, 1920 x 1080, one key frame in a minute": lambda: video((1920, 1080), 1800, gop=100_000),
    "MP4, 60,000 frames": lambda: video((64, 64), 60_000, gop=250),
    "MP4, claims 268 million frames": claimed_frames,
    "MP4, 10,000 tracks": lambda: video_of_tracks(10_000),
    "MP4, deep boxes": lambda: nested_boxes(b"isom", b"moov"),
    "MP4, a million boxes": flat_boxes,
}

PROJECT = Path(__file__).resolve().parents[2]


def make_bomb(name: str, target: Path) -> None:
    """Write the bomb of that name to `target`."""
    subprocess.run([sys.executable, "-m", "tests.media.bombs", name, str(target)], cwd=PROJECT, check=True)


if __name__ == "__main__":
    pillow_heif.register_heif_opener()
    Path(sys.argv[2]).write_bytes((IMAGES | CLIPS)[sys.argv[1]]())
