"""The processes that decode: limited, counted, and the only ones that do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.media.bombs import png
from tests.media.conftest import colourful_image, encode_image
from videos.media import reference, sandbox
from videos.media.errors import (
    OUT_OF_MEMORY,
    BadReferenceError,
    DecoderBusyError,
    DecoderLimitError,
    NotAVideoError,
)
from videos.media.inspect import inspect_video
from videos.media.reference import open_reference
from videos.media.sandbox import Budget

PROJECT = Path(__file__).resolve().parents[2]
MIB = 1 << 20

# A decoder on a system that limits no memory and counts a process's peak in bytes, as macOS does.
ON_MACOS = """
import re, resource, sys, types
from pathlib import Path
from videos.media.decoder.__main__ import main

def usage(who):
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    return types.SimpleNamespace(ru_maxrss=int(peak[1]) * 1024)

def set_no_memory_limit(kind, values):
    assert kind == resource.RLIMIT_CPU

sys.platform = "darwin"
resource.getrusage, resource.setrlimit = usage, set_no_memory_limit
del resource.RLIMIT_CORE
main()
"""


def budget(**changes: Any) -> Budget:
    return Budget(
        **{
            "kind": "upload",
            "memory": 512 * MIB,
            "cpu_seconds": 10.0,
            "wall_seconds": 60.0,
            "patience": 30.0,
            **changes,
        }
    )


@pytest.fixture
def large_image(tmp_path: Path) -> dict[str, object]:
    """The arguments to clean an image of 16 megapixels, which takes about a second."""
    source = tmp_path / "source"
    source.write_bytes(png(4000, 4000))
    return {"source": str(source), "target": str(tmp_path / "image"), "thumbnail": str(tmp_path / "small")}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The decoders that were started."""
    processes: list[Any] = []
    start = subprocess.Popen

    def watched(*arguments: Any, **options: Any) -> Any:
        process = start(*arguments, **options)
        process.options = options
        processes.append(process)
        return process

    monkeypatch.setattr(subprocess, "Popen", watched)
    yield processes
    assert all(process.returncode is not None for process in processes)


def test_the_web_process_loads_no_decoder() -> None:
    program = (
        "import django, sys; django.setup()\n"
        "import contentgen.wsgi\n"
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        "print(sorted({'av', 'PIL', 'numpy', 'pillow_heif'} & set(sys.modules)))"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}

    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, check=True
    )

    assert printed.stdout.decode().strip() == "[]"


def test_an_image_is_cleaned_in_another_process(started: list[Any]) -> None:
    content = encode_image(colourful_image(), "PNG")

    reference = open_reference(content, max_bytes=len(content))

    assert (reference.width, reference.height, reference.content_type) == (320, 180, "image/jpeg")
    assert reference.content.startswith(b"\xff\xd8\xff")
    assert reference.thumbnail[8:12] == b"WEBP"
    assert len(started) == 1


def test_a_file_that_needs_too_much_memory_is_refused(large_image: dict[str, object]) -> None:
    with pytest.raises(DecoderLimitError, match=r"more memory .* \(96 MB\)"):
        sandbox.run("clean_image", large_image, budget(memory=96 * MIB))


@pytest.mark.skipif(sys.platform != "linux", reason="it is the other tests there")
def test_where_the_system_limits_no_memory_a_decoder_watches_its_own(
    monkeypatch: pytest.MonkeyPatch, large_image: dict[str, object], started: list[Any]
) -> None:
    start = subprocess.Popen
    monkeypatch.setattr(
        sandbox.subprocess, "Popen", lambda command, **options: start([command[0], "-c", ON_MACOS], **options)
    )

    with pytest.raises(DecoderLimitError, match=r"more memory .* \(96 MB\)"):
        sandbox.run("clean_image", large_image, budget(memory=96 * MIB))
    sandbox.run("clean_image", large_image, budget())

    assert [process.returncode for process in started] == [OUT_OF_MEMORY, 0]


def test_a_file_that_takes_too_much_computing_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(png(7000, 7000))
    arguments: dict[str, object] = {
        "source": str(source),
        "target": str(tmp_path / "image"),
        "thumbnail": str(tmp_path / "small"),
    }
    spent = budget(cpu_seconds=1.0)

    with pytest.raises(DecoderLimitError, match="computing time"):
        sandbox.run("clean_image", arguments, spent)

    assert -1.5 < spent.cpu_seconds < 0.5


def test_a_file_that_takes_too_long_is_refused_and_its_decoder_killed(
    large_image: dict[str, object], started: list[Any]
) -> None:
    with pytest.raises(DecoderLimitError, match="takes longer"):
        sandbox.run("clean_image", large_image, budget(wall_seconds=0.01))

    assert started[0].returncode == -signal.SIGKILL


def test_all_that_is_done_with_an_upload_shares_one_budget(video: Path) -> None:
    shared = budget()

    inspect_video(video, shared)
    after_one = shared.cpu_seconds
    inspect_video(video, shared)

    assert shared.cpu_seconds < after_one < 10.0
    shared.cpu_seconds = 0.9
    with pytest.raises(DecoderLimitError, match="computing time"):
        inspect_video(video, shared)


def test_no_more_decode_at_once_than_there_are_cores(large_image: dict[str, object]) -> None:
    cores = os.cpu_count() or 1
    with ExitStack() as held:
        for _ in range(cores):
            slot = sandbox._take_slot("upload")
            assert slot is not None
            held.callback(os.close, slot)

        with pytest.raises(DecoderBusyError):
            sandbox.run("clean_image", large_image, budget(patience=0.05))
        sandbox.run("clean_image", large_image, budget(kind="worker", patience=0.05))  # has its own
    sandbox.run("clean_image", large_image, budget(patience=0.05))


def test_a_slot_is_taken_for_as_long_as_its_decoder_lives(large_image: dict[str, object]) -> None:
    """Also when whoever started it was killed: the decoder holds the lock as well."""
    taken: list[int | None] = []

    def look() -> None:
        if not taken:
            slots = [sandbox._take_slot("upload") for _ in range(os.cpu_count() or 1)]
            taken.extend(slots)
            for slot in slots:
                if slot is not None:
                    os.close(slot)

    sandbox.run("clean_image", large_image, budget(), check=look)

    assert taken.count(None) == 1


def test_uploads_beyond_the_number_that_may_wait_are_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, large_image: dict[str, object]
) -> None:
    monkeypatch.setattr(sandbox, "_waiting", threading.BoundedSemaphore(1))
    with sandbox._waiting:
        began = time.monotonic()
        with pytest.raises(DecoderBusyError):
            sandbox.run("clean_image", large_image, budget())
    assert time.monotonic() - began < 5


def test_a_busy_studio_is_not_the_fault_of_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any, **__: Any) -> None:
        raise DecoderBusyError

    monkeypatch.setattr(reference.sandbox, "run", busy)

    with pytest.raises(BadReferenceError, match="busy") as refusal:
        open_reference(encode_image(Image.new("RGB", (64, 64)), "PNG"), max_bytes=MIB)

    assert refusal.value.code == "busy"


def test_what_the_check_raises_ends_the_decoder(large_image: dict[str, object], started: list[Any]) -> None:
    class LostError(Exception):
        pass

    def lost() -> None:
        raise LostError

    with pytest.raises(LostError):
        sandbox.run("clean_image", large_image, budget(), check=lost)

    assert started[0].returncode is not None


def test_a_decoder_that_dies_says_nothing_good_of_the_file(
    large_image: dict[str, object], started: list[Any]
) -> None:
    with pytest.raises(NotAVideoError, match="cannot be read") as refusal:
        sandbox.run(
            "clean_image", large_image, budget(), check=lambda: os.kill(started[0].pid, signal.SIGSEGV)
        )

    assert str(-signal.SIGSEGV) in refusal.value.detail


def test_a_decoder_knows_no_secret(monkeypatch: pytest.MonkeyPatch, started: list[Any]) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for decoders")
    monkeypatch.setenv("OPENAI_API_KEY", "nor this")

    open_reference(encode_image(colourful_image(), "JPEG"), max_bytes=MIB)

    assert {"SECRET_KEY", "OPENAI_API_KEY"}.isdisjoint(started[0].options["env"])


def test_the_decoders_own_errors_come_through(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"not a video at all")

    with pytest.raises(NotAVideoError, match="not an MP4") as refusal:
        inspect_video(junk, budget())
    with pytest.raises(FileNotFoundError):
        inspect_video(tmp_path / "missing.mp4", budget())

    assert refusal.value.detail
