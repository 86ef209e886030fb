"""An import keeps within the storage that people may take up, or says whose it is that is too small."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from accounts.models import User
from tests.factories import BackendFactory
from tests.simulator.conftest import StartSimulator
from tests.simulator.conftest import start_simulator as start_simulator
from videos.engine.storage_use import GIGABYTE, used_bytes
from videos.models import ReferenceImage, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def limit(settings) -> Callable[[int], None]:
    """Let everybody store so many bytes."""

    def change(size: int) -> None:
        settings.STORAGE_QUOTA_GB = (size + 0.5) / GIGABYTE

    return change


def test_what_has_no_room_is_not_imported_and_what_is_here_counts_once(
    work: dict[str, Video], alice: User, run: Callable, tmp_path: Path, limit: Callable
):
    run("export_videos", "--owner", "alice", "--output", tmp_path / "hers")
    limit(used_bytes(alice.pk) + 1)  # for nothing more
    run("import_videos", tmp_path / "hers")  # all of it is here
    first = Video.objects.get(pk=work["first"].pk)
    size = used_bytes(alice.pk)
    first.delete()
    limit(used_bytes(alice.pk) + 100)

    for dry in ([], ["--dry-run"]):
        with pytest.raises(CommandError):
            run("import_videos", tmp_path / "hers", *dry)
        assert not Video.objects.filter(public_id=first.public_id).exists()

    run("import_videos", tmp_path / "hers", "--over-quota")
    assert Video.objects.filter(public_id=first.public_id).exists()
    assert used_bytes(alice.pk) == size, "its pictures are counted as before"


def test_somebody_who_has_no_account_yet_gets_the_quota_of_the_studio(
    work: dict[str, Video], run: Callable, wiped: Callable, tmp_path: Path, limit: Callable
):
    run("export_videos", "--all", "--output", tmp_path / "all")
    wiped()
    limit(1000)
    with pytest.raises(CommandError, match="storage of “alice” has no room for this: 0") as refused:
        run("import_videos", tmp_path / "all", "--create-people")
    assert "“bob”" in str(refused.value)
    assert "--over-quota" in str(refused.value)
    assert not User.objects.exists()
    assert not ReferenceImage.objects.exists()


def test_a_folder_and_what_a_backend_holds_are_refused_as_well(
    alice: User,
    run: Callable,
    tmp_path: Path,
    clips: list[bytes],
    start_simulator: StartSimulator,
    limit: Callable,
):
    simulator = start_simulator()
    BackendFactory(name="Box", base_url=f"{simulator.url}/v1", can_list=True)
    simulator.create_and_wait("A kite", seconds="4")
    (tmp_path / "boat.mp4").write_bytes(clips[0])
    limit(len(clips[0]) - 1)
    with pytest.raises(CommandError, match="has no room"):
        run("import_videos", tmp_path, "--owner", "alice")
    assert not Video.objects.exists()

    run("import_videos", tmp_path, "--owner", "alice", "--over-quota")
    with pytest.raises(CommandError, match="could not be adopted"):
        run("import_videos", "--backend", "Box", "--owner", "alice")
    assert Video.objects.count() == 1
