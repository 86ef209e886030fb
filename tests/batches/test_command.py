"""`generate_batch` goes on with what was begun, downloads what is done, and says how it ended."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management.base import CommandError

from tests.commands.conftest import meanwhile, ran, run  # noqa: F401  # fixtures here too
from videos.models import Batch, BatchState, State, Video
from videos.services import batch_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "foxes.csv"
    path.write_text("prompt,key\n" + "".join(f"Fox {n},fox-{n}\n" for n in range(5)))
    return path


def _complete(prompt: str) -> None:
    video = Video.objects.get(prompt=prompt)
    video.file.save("x.mp4", ContentFile(f"the file of {prompt}".encode()), save=False)
    video.byte_count = len(f"the file of {prompt}")
    video.state = State.COMPLETED
    video.save()


def test_what_was_killed_half_way_goes_on_without_doubles(alice, run, file, monkeypatch):  # noqa: F811
    monkeypatch.setattr(batch_work, "PORTION", 2)
    step, steps = batch_work.step, []

    def killed(pk: int) -> bool:
        steps.append(pk)
        if len(steps) == 2:
            raise SystemExit(137)
        return step(pk)

    with monkeypatch.context() as patched:
        patched.setattr(batch_work, "step", killed)
        with pytest.raises(SystemExit):
            run("generate_batch", file, user="alice")
    assert Video.objects.count() == 2

    done = run("generate_batch", file, user="alice")
    in_order = Video.objects.order_by("pk")
    assert [video.prompt for video in in_order] == [f"Fox {n}" for n in range(5)]
    assert done.out.split() == [video.public_id for video in in_order]
    assert Batch.objects.count() == 1


def test_ctrl_c_leaves_it_running_and_says_how_to_come_back(alice, run, file, meanwhile):  # noqa: F811
    def interrupt() -> None:
        raise KeyboardInterrupt

    meanwhile(interrupt)
    with pytest.raises(CommandError) as raised:
        run("generate_batch", file, user="alice", wait=True)
    assert raised.value.returncode == 130
    assert f"“generate_batch {file} --user alice --wait” comes back to it" in str(raised.value)
    assert Batch.objects.get().state == BatchState.RUNNING


def test_each_video_is_downloaded_once_as_it_is_done(alice, run, file, meanwhile, tmp_path):  # noqa: F811
    folder = tmp_path / "out"
    meanwhile(
        lambda: _complete("Fox 3"),
        lambda: [_complete(f"Fox {n}") for n in (0, 1, 2)],
        lambda: Video.objects.filter(prompt="Fox 4").update(state=State.FAILED, error_message="No."),
    )
    with pytest.raises(CommandError, match="1 of 5 videos did not complete"):
        run("generate_batch", file, user="alice", output=folder)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"0000{n + 1}-fox-{n}.mp4" for n in range(4)]
    assert (folder / names[0]).read_text() == "the file of Fox 0"

    (folder / names[0]).write_text("half")
    (folder / names[1]).chmod(0o400)
    before = (folder / names[1]).stat().st_mtime_ns
    with pytest.raises(CommandError):
        run("generate_batch", file, user="alice", output=folder)
    assert (folder / names[0]).read_text() == "the file of Fox 0"
    assert (folder / names[1]).stat().st_mtime_ns == before
