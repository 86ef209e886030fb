"""The studio warns before its disks are full, and not because of nothing."""

import shutil
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.urls import reverse

from contentgen import checks, disk_space, health

GIB = 1 << 30


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch):
    """Make all disks look like one of `total` bytes, of which `free` are left."""

    def arrange(*, free: int, total: int = 1000 * GIB) -> None:
        usage = shutil._ntuple_diskusage(total, total - free, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    return arrange


@pytest.mark.parametrize(
    ("free", "total", "is_low"),
    [
        (GIB, 1000 * GIB, False),
        (GIB - 1, 1000 * GIB, True),
        (GIB // 2, 10 * GIB, False),
        (GIB // 2 - 1, 10 * GIB, True),
    ],
)
def test_by_default_a_gib_or_a_twentieth_must_be_free(disk, free: int, total: int, is_low: bool):
    disk(free=free, total=total)

    assert bool(disk_space.low_disks()) == is_low


def test_the_setting_says_how_much_must_be_free(disk, settings):
    settings.MIN_FREE_DISK = 5 * GIB
    disk(free=5 * GIB - 1)
    assert [low.minimum for low in disk_space.low_disks()] == [5 * GIB]
    settings.MIN_FREE_DISK = 0
    disk(free=0)
    assert disk_space.low_disks() == []


def test_one_disk_is_named_once_and_a_folder_that_is_yet_to_be_made_is_on_one(settings, tmp_path: Path):
    settings.MEDIA_ROOT = tmp_path / "not" / "there"

    assert [disk.setting for disk in disk_space.disks()] == ["VIDEO_STORAGE_PATH"]


def test_a_low_disk_is_told_and_stops_no_traffic(client, disk, monkeypatch, caplog):
    monkeypatch.setattr(health, "_PARTS", {"broker": lambda: None, "disk": health._check_disk})
    monkeypatch.setattr(health, "_check_worker", lambda: None)
    disk(free=1000)

    reply = client.get("/health/ready")

    assert (reply.status_code, reply.json()["parts"]["disk"]) == (200, "low")
    assert "disk is low: VIDEO_STORAGE_PATH has 1000 bytes free" in caplog.text


@pytest.mark.parametrize("free", [1000, 500 * GIB])
def test_the_administration_warns_before_it_is_full(as_carol, disk, free: int):
    disk(free=free)

    page = as_carol.get(reverse("admin:index")).content.decode()

    assert ("is nearly full" in page) == (free == 1000)


@pytest.mark.parametrize("value", [-1, 1000 * GIB])
def test_a_minimum_that_no_disk_can_have_is_an_error(settings, disk, value: int):
    settings.MIN_FREE_DISK = value
    disk(free=GIB)

    (error,) = run_checks(tags=[checks.SETTINGS])

    assert error.id == "contentgen.E003"
    assert error.is_serious()
    assert f"MIN_FREE_DISK is {value}" in error.msg
