"""An archive is what anybody may have written: nothing of it gets out, in, or at another's things."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from accounts.models import User
from billing.models import LedgerLine
from tests.commands.conftest import Ran
from tests.factories import BackendFactory, VideoFactory
from tests.transfer.packing import pack, person, told, video
from videos.models import Backend, PromptTemplate, ReleasedJob, State, Video

pytestmark = pytest.mark.django_db


def _zip(target: Path, name: str, *, mode: int = 0, method: int = zipfile.ZIP_STORED) -> Path:
    info = zipfile.ZipInfo("x")
    info.filename = name  # as it is: the constructor would mend it
    info.external_attr = mode << 16
    with zipfile.ZipFile(target, "w", method) as opened:
        opened.writestr("export.json", "{}")
        opened.writestr(info, "../../secret", method)
    return target


@pytest.mark.parametrize(
    "name",
    ["../evil.mp4", "/etc/evil.mp4", "a/../../evil.mp4", "a\\evil.mp4", "C:/evil.mp4", "a//b.mp4", "a\nb"],
)
def test_a_path_that_leads_elsewhere_is_refused(alice: User, run: Callable, tmp_path: Path, name: str):
    with pytest.raises(CommandError, match="leads elsewhere"):
        run("import_videos", _zip(tmp_path / "x.zip", name), "--untrusted")
    assert not list(tmp_path.rglob("evil*"))


def test_links_doubles_and_odd_compressions_are_refused(alice: User, run: Callable, tmp_path: Path):
    with pytest.raises(CommandError, match="a link or a device"):
        run("import_videos", _zip(tmp_path / "link.zip", "a.mp4", mode=0o120777), "--untrusted")
    with pytest.raises(CommandError, match="compressed in a way"):
        run("import_videos", _zip(tmp_path / "bz.zip", "a.mp4", method=zipfile.ZIP_BZIP2), "--untrusted")
    with zipfile.ZipFile(tmp_path / "double.zip", "w") as opened:
        opened.writestr("A.mp4", b"1")
        opened.writestr("a.mp4", b"2")
    with pytest.raises(CommandError, match="twice, where case does not count"):
        run("import_videos", tmp_path / "double.zip", "--owner", "alice")
    encrypted = bytearray(_zip(tmp_path / "plain.zip", "a.mp4").read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.rindex(mark) + place] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(encrypted))
    with pytest.raises(CommandError, match="is encrypted"):
        run("import_videos", tmp_path / "locked.zip", "--untrusted")
    (tmp_path / "no.zip").write_bytes(b"PK nothing")
    with pytest.raises(CommandError, match="neither a folder nor a ZIP"):
        run("import_videos", tmp_path / "no.zip", "--untrusted")


def test_a_folder_s_links_are_not_followed(alice: User, run: Callable, tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "secret.mp4").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("/etc", target_is_directory=True)
    with pytest.raises(CommandError, match="There is no video in it"):
        run("import_videos", folder, "--owner", "alice")


@pytest.mark.parametrize(
    "change",
    [
        {"state": "mighty"},
        {"size": "javascript:alert(1)"},
        {"seconds": -1},
        {"seconds": 1e400},
        {"seconds": True},
        {"parameters": [1]},
        {"prompt": "a\x00b"},
        {"prompt": "\ud800"},
        {"prompt": "x" * 32_001},
        {"prompt": 7},
        {"created_at": "2026-03-02T10:00:00"},
        {"price": "1e99"},
        {"favourite": "yes"},
        {"tags": "abc" * 999},
        {"tags": ["x" * 41]},
        {"owner": "nobody"},
        {"backend": "Elsewhere"},
        {"reference": {"a": 1}},
        {"collections": [7]},
        {"files": {"file": "x"}},
        {"files": {"file": {"path": "../../etc/passwd", "sha256": "0"}}, "state": "completed"},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_value_that_no_studio_would_write_is_named_and_the_rest_goes_on(
    alice: User, run: Callable, ran: Ran, tmp_path: Path, change: dict[str, Any]
):
    export = pack(tmp_path / "x.zip", [video(1) | change, video(2)])
    with pytest.raises(CommandError, match="1 of them were not imported"):
        run("import_videos", export)
    assert [each.prompt for each in Video.objects.all()] == ["A boat 2"]
    assert "videos, video_" in ran.err


@pytest.mark.parametrize(
    "raw",
    [b"[" * 100_000, b'{"public_id": NaN}', b"{", b"\xff\xfe", b"9" * 10_000, b" " * (1 << 21)],
    ids=lambda raw: repr(raw[:8]),
)
def test_json_that_is_made_to_harm_is_named(alice: User, run: Callable, tmp_path: Path, raw: bytes):
    with pytest.raises(CommandError, match="1 of them were not imported"):
        run("import_videos", pack(tmp_path / "x.zip", [raw, video(2)]))
    assert Video.objects.count() == 1


def test_a_file_is_judged_as_an_upload_is(
    alice: User, run: Callable, ran: Ran, settings, tmp_path: Path, clips: list[bytes]
):
    script, empty, half, bomb = b"#!/bin/sh\n" * 50, b"", clips[0][:400], bytes(200_000)
    settings.MAX_DOWNLOAD_SIZE = 100_000
    contents = {"v/script.mp4": script, "v/empty.mp4": empty, "v/half.mp4": half, "v/bomb.mp4": bomb}
    documents = [
        video(number, state="completed", files={"file": told(path, content)})
        for number, (path, content) in enumerate(contents.items())
    ]
    lying = video(9, state="completed", files={"file": told("v/ok.mp4", clips[0])}, sha256="ab" * 32)
    export = pack(tmp_path / "x.zip", [*documents, lying], {**contents, "v/ok.mp4": clips[0]})
    with pytest.raises(CommandError, match="5 of them were not imported"):
        run("import_videos", export)
    assert not Video.objects.exists()
    assert ran.err.count("its file is not taken") == 3
    assert "longer than 100,000 bytes" in ran.err
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_another_s_id_or_job_is_no_way_to_it(alice: User, bob: User, run: Callable, ran: Ran, tmp_path: Path):
    cloud = BackendFactory(name="Cloud", costs_nothing=True)
    his = VideoFactory(owner=bob, backend=cloud, state=State.COMPLETED, backend_job_id="job_his")
    ReleasedJob.objects.create(backend=cloud, backend_job_id="job_gone")
    before = Video.objects.filter(pk=his.pk).values().get()
    export = pack(
        tmp_path / "x.zip",
        [
            video(1, public_id=his.public_id),
            video(2, backend_job_id="job_his", error_code="timed_out"),
            video(3, backend_job_id="job_gone", error_code="timed_out"),
        ],
    )
    with pytest.raises(CommandError, match="2 of them were not imported"):
        run("import_videos", export)
    assert "somebody else's video" in ran.err
    assert "its job at the backend belongs to another video" in ran.err
    assert Video.objects.filter(pk=his.pk).values().get() == before
    assert Video.objects.get(owner=alice).backend_job_id == ""


def _line(**fields: Any) -> dict[str, Any]:
    at = "2026-03-02T10:00:00+00:00"
    return {
        "at": at,
        "counts_at": at,
        "kind": "reserve",
        "transition": "created",
        "attempt": 1,
        "reserved": "-900",
        "spent": "0",
        "net": "-900",
        "video": "video_x",
        "username": "alice",
        "role": "creator",
        "model": "sora-2",
        "backend_name": "Cloud",
        "budgets": ["user:alice/month"],
        **fields,
    }


def test_what_nobody_signed_is_asked_about_and_brings_no_money_and_no_jobs(
    alice: User, run: Callable, ran: Ran, tmp_path: Path
):
    shared = {"title": "For all", "prompt": "Buy my {thing}", "owner": None, "key": 1}
    videos = [video(1, backend_job_id="job_1"), video(2, state="queued"), video(3, state="in_progress")]
    export = pack(tmp_path / "x.zip", videos, is_signed=False, ledger=[_line()], templates=[shared])
    with pytest.raises(CommandError, match="--trusted"):
        run("import_videos", export)
    assert not Video.objects.exists()

    with pytest.raises(CommandError, match="1 of them were not imported"):
        run("import_videos", export, "--untrusted")
    assert not LedgerLine.objects.exists()
    assert not PromptTemplate.objects.filter(title="For all").exists()
    assert {(each.state, each.backend_job_id) for each in Video.objects.all()} == {(State.FAILED, "")}


def test_ledger_lines_that_contradict_are_named(alice: User, run: Callable, ran: Ran, tmp_path: Path):
    lines = [
        _line(reserved="1", net="1"),
        _line(reserved="2", net="2"),
        _line(reserved="1", net="3", attempt=2),
    ]
    with pytest.raises(CommandError, match="2 of them"):
        run("import_videos", pack(tmp_path / "x.zip", [], ledger=lines))
    assert [str(line.net) for line in LedgerLine.objects.all()] == ["1.000000"]
    line = LedgerLine.objects.get()
    assert line.video_id < 0  # of a video that is gone, and no other's key
    assert line.budgets == [f"user:{alice.pk}/month"]


def test_nobody_is_made_a_manager_or_an_account_by_a_stranger(alice: User, run: Callable, tmp_path: Path):
    people = [person("alice"), {**person("eve"), "role": "manager", "is_superuser": True}]
    export = pack(tmp_path / "x.zip", [video(1, owner="eve")], is_signed=False, people=people)
    with pytest.raises(CommandError, match="no account for “eve”"):
        run("import_videos", export, "--untrusted")
    run("import_videos", export, "--untrusted", "--create-people")
    eve = User.objects.get(username="eve")
    assert (eve.role, eve.is_staff, eve.is_superuser, eve.has_usable_password()) == (
        "creator",
        False,
        False,
        False,
    )
    assert Backend.objects.get(name="Cloud").enabled is False


def test_a_damaged_archive_brings_what_is_whole_and_a_whole_one_the_rest(
    alice: User, run: Callable, ran: Ran, tmp_path: Path
):
    whole = pack(tmp_path / "whole.zip", [video(number) for number in (1, 2, 3)])
    content = bytearray(whole.read_bytes())
    name = b"videos/alice/1.json"
    at = content.index(name) + len(name)
    content[at : at + 16] = bytes(16)  # in the middle of what is compressed
    (tmp_path / "damaged.zip").write_bytes(content)
    (tmp_path / "cut.zip").write_bytes(content[: len(content) // 2])

    with pytest.raises(CommandError, match="neither a folder nor a ZIP"):
        run("import_videos", tmp_path / "cut.zip")
    for _ in range(2):
        with pytest.raises(CommandError, match="1 of them were not imported"):
            run("import_videos", tmp_path / "damaged.zip")
        assert "videos/alice/1.json: it is damaged" in ran.err
        assert Video.objects.count() == 2
    before = list(Video.objects.order_by("pk").values())

    run("import_videos", whole)

    assert Video.objects.count() == 3
    assert [row for row in Video.objects.order_by("pk").values() if row in before] == before


@pytest.mark.parametrize("victim", ["data/ledger.jsonl", "SHA256SUMS", "export.json"])
def test_a_table_that_was_changed_stops_everything(alice: User, run: Callable, tmp_path: Path, victim: str):
    export = pack(tmp_path / "x.zip", [video(1)], ledger=[_line(reserved="1", net="1")])
    with zipfile.ZipFile(export) as opened:
        content = {name: opened.read(name) for name in opened.namelist()}
    content[victim] = (
        json.dumps({"format": 2}).encode() if victim == "export.json" else content[victim] + b" "
    )
    folder = tmp_path / "unpacked"
    for name, raw in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    with pytest.raises(CommandError, match=r"checksum|format 2"):
        run("import_videos", folder)
    assert not Video.objects.exists()
