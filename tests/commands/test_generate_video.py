import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management.base import CommandError
from django.utils import timezone
from PIL import Image

from tests.factories import UserFactory, VideoFactory
from videos.models import Backend, ReferenceImage, State, Video

pytestmark = pytest.mark.django_db


def _becomes(state: State, **fields: object):
    return lambda: Video.objects.update(state=state, **fields)


def _completes():
    video = Video.objects.get()
    video.file.save("videos/clip.mp4", ContentFile(b"the whole clip"), save=False)
    Video.objects.update(state=State.COMPLETED, file=video.file.name, due_at=None)


def test_it_prints_the_id_and_nothing_else(alice, hints, run, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ran = run("generate_video", " A fox in the snow ", user="alice", seconds=8, size="720x1280")

    video = Video.objects.get()
    assert ran.out == f"{video.public_id}\n"
    assert ran.err == ""
    assert (video.owner, video.prompt, video.model) == (alice, "A fox in the snow", "sora-2")
    assert (video.seconds, video.size, video.state) == (8, "720x1280", State.QUEUED)
    assert hints == [("submit", video.backend_id)]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"user": "nobody"}, "--user: there is no account “nobody”"),
        ({"model": "sora-9"}, "--model: There is no model"),
        ({"seconds": 5}, "--seconds: Sora 2 supports these durations"),
        ({"size": "1x1"}, "--size: Sora 2 supports these sizes"),
        ({"reference": Path("/nowhere/a.png")}, "--reference: there is no file"),
        ({"output": Path("/nowhere/a.mp4")}, "--output: there is no folder"),
        ({"output": Path("/")}, "--output: “/” is a folder"),
        ({"output": Path("/dev/null")}, "--output: “/dev/null” is not a regular file"),
    ],
)
def test_it_names_the_option_that_is_wrong_and_creates_nothing(alice, hints, run, ran, options, complaint):
    with pytest.raises(CommandError, match=complaint.replace("(", r"\(")):
        run("generate_video", "A fox", **{"user": "alice", **options})

    assert ran.out == ""
    assert not Video.objects.exists()
    assert hints == []


@pytest.mark.parametrize("prompt", ["", "  ", "x" * 32_001, "a\x00b", "a\udc80b"])
def test_it_refuses_a_prompt_that_is_none(alice, run, prompt: str):
    with pytest.raises(CommandError, match=r"^PROMPT: "):
        run("generate_video", prompt, user="alice")

    assert not Video.objects.exists()


def test_it_refuses_a_reference_that_is_no_picture(alice, run, tmp_path: Path):
    fake = tmp_path / "fake.png"
    fake.write_text("not an image")

    with pytest.raises(CommandError, match=r"--reference: .*not an image"):
        run("generate_video", "A fox", user="alice", reference=fake)

    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()


def test_a_wrong_request_leaves_no_reference_behind(alice, run, tmp_path: Path, picture: bytes):
    path = tmp_path / "picture.png"
    path.write_bytes(picture)

    with pytest.raises(CommandError, match="--model"):
        run("generate_video", "A fox", user="alice", reference=path, model="sora-9")

    assert not ReferenceImage.objects.exists()


def test_it_starts_from_a_reference(alice, run, tmp_path: Path, picture: bytes):
    path = tmp_path / "picture.png"
    path.write_bytes(picture)

    run("generate_video", "A fox", user="alice", reference=path)

    assert Video.objects.get().reference == ReferenceImage.objects.get(owner=alice)
    assert Video.objects.get().reference_fit == "crop"


def test_it_takes_a_last_frame_and_further_images(alice, run, tmp_path: Path):
    paths = [tmp_path / f"{name}.png" for name in ("first", "last", "ada", "bob")]
    for path, colour in zip(paths, ("red", "lime", "blue", "gold"), strict=True):
        Image.new("RGB", (64, 48), colour).save(path)
    first, last, *others = map(str, paths)

    images = ["--reference", first, "--last-frame", last, "--reference-image", *others]
    run("generate_video", "A fox", *images, user="alice")

    video = Video.objects.get()
    images = [video.reference, video.last_frame, *video.references]
    assert len({image.sha256 for image in images}) == 4
    centres = []
    for image in images:
        with image.file.open("rb") as file, Image.open(file) as opened:
            centres.append(opened.getpixel((32, 24)))
    assert [max(range(3), key=colour.__getitem__) for colour in centres] == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--last-frame", "{image}"], "--last-frame: A last frame needs a first frame"),
        (
            ["--reference-image", "{image}", "{image}", "{image}", "{image}"],
            "--reference-image: .* at most 3",
        ),
        (["--reference-image", "{image}", "none.png"], "--reference-image: there is no file “none.png”"),
        (["--reference", "{image}", "--last-frame", "none.png"], "--last-frame: there is no file"),
    ],
)
def test_images_that_will_not_do_are_named_by_their_option(
    alice, run, hints, tmp_path: Path, picture: bytes, options: list[str], complaint: str
):
    path = tmp_path / "picture.png"
    path.write_bytes(picture)

    with pytest.raises(CommandError, match=complaint):
        run("generate_video", "A fox", *(each.format(image=path) for each in options), user="alice")

    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()
    assert hints == []


def test_it_fits_the_reference_as_told(alice, run, tmp_path: Path, picture: bytes):
    path = tmp_path / "picture.png"
    path.write_bytes(picture)

    run("generate_video", "A fox", "--fit", "pad", user="alice", reference=path)

    assert Video.objects.get().reference_fit == "pad"


def test_it_knows_no_other_fit(alice, run):
    with pytest.raises(CommandError, match=r"--fit: invalid choice: 'stretch'"):
        run("generate_video", "A fox", "--fit", "stretch", user="alice")

    assert not Video.objects.exists()


def test_without_a_name_it_is_the_owners_video(run, settings):
    UserFactory(username="root", is_superuser=True)
    owner = UserFactory(username=settings.OWNER_USERNAME)

    run("generate_video", "A fox")

    assert Video.objects.get().owner == owner


def test_without_an_owner_it_is_the_only_superusers(carol, run):
    run("generate_video", "A fox")

    assert Video.objects.get().owner == carol


@pytest.mark.parametrize("superusers", [0, 2])
def test_it_does_not_guess_whose_video_it_is(db, run, superusers: int):
    UserFactory.create_batch(superusers, is_superuser=True)

    with pytest.raises(CommandError, match=r"^--user: say whose"):
        run("generate_video", "A fox")

    assert not Video.objects.exists()


def test_a_locked_account_makes_no_videos(alice, run):
    alice.is_active = False
    alice.save()

    with pytest.raises(CommandError, match="--user: the account “alice” is locked"):
        run("generate_video", "A fox", user="alice")

    assert not Video.objects.exists()


def test_waiting_tells_each_change_once_on_standard_error(alice, run, meanwhile):
    meanwhile(
        _becomes(State.IN_PROGRESS, progress=0),
        _becomes(State.IN_PROGRESS, progress=40),
        lambda: None,
        _becomes(State.STORING, progress=100),
        _completes,
    )

    ran = run("generate_video", "A fox", user="alice", wait=True)

    assert ran.out == f"{Video.objects.get().public_id}\n"
    assert ran.err.splitlines() == [
        "Queued",
        "In progress 0 %",
        "In progress 40 %",
        "Storing 100 %",
        "Completed",
    ]


@pytest.fixture
def terminal(ran, monkeypatch) -> None:
    """Let standard error be a terminal of 80 columns without colours."""
    monkeypatch.setattr(ran.stderr, "isatty", lambda: True, raising=False)
    for name, value in {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)


def _drawn(text: str) -> list[str]:
    """Return what was drawn, one after the other, in the line that is redrawn."""
    return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).strip() for line in text.split("\r")]


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_one_line_is_redrawn(alice, run, meanwhile):
    meanwhile(_becomes(State.IN_PROGRESS, progress=50), _completes)

    ran = run("generate_video", "A fox", user="alice", wait=True)

    drawn = _drawn(ran.err)
    assert [line.split(maxsplit=2) for line in drawn if "In progress" in line] == [
        ["━" * 12, "0:00:00", "In progress 50 %"]
    ]
    assert drawn[-1].split() == ["━" * 24, "0:00:00", "Completed"]
    assert ran.err.count("\n") == 1
    assert ran.out == f"{Video.objects.get().public_id}\n"


@pytest.mark.usefixtures("terminal")
def test_ctrl_c_on_a_terminal_gives_the_cursor_back(alice, run, ran, monkeypatch):
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("videos.management.progress.sleep", interrupt)

    with pytest.raises(CommandError, match="it goes on without this command") as raised:
        run("generate_video", "A fox", user="alice", wait=True)

    assert raised.value.returncode == 130
    assert ran.err.rstrip().endswith("\x1b[?25h")


@pytest.mark.usefixtures("terminal")
def test_a_hint_on_a_terminal_stays_above_the_line(alice, run, meanwhile, clock):
    meanwhile(lambda: None, clock.pass_by, _completes)

    ran = run("generate_video", "A fox", user="alice", wait=True)

    hint, last, _ = ran.err.split("\n")
    assert "Is a worker running?" in hint
    assert "Completed" in last


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"state": State.FAILED, "error_message": "The filter said no."}, "failed: The filter said no."),
        ({"state": State.CANCELED}, "canceled"),
        ({"state": State.UNCERTAIN, "due_at": None}, "awaiting decision: We couldn't confirm"),
    ],
)
def test_it_fails_with_the_reason(alice, run, ran, meanwhile, tmp_path: Path, fields, reason: str):
    meanwhile(lambda: Video.objects.update(**fields))
    output = tmp_path / "clip.mp4"

    with pytest.raises(CommandError, match=reason):
        run("generate_video", "A fox", user="alice", output=output)

    assert ran.out == f"{Video.objects.get().public_id}\n"
    assert not output.exists()


def test_one_that_is_deleted_meanwhile_ends_the_waiting(alice, run, meanwhile):
    meanwhile(lambda: Video.objects.all().delete())

    with pytest.raises(CommandError, match="deleted: It was deleted meanwhile"):
        run("generate_video", "A fox", user="alice", wait=True)


def test_ctrl_c_leaves_the_video_alone(alice, run, monkeypatch):
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("videos.management.progress.sleep", interrupt)

    with pytest.raises(CommandError, match="it goes on without this command") as raised:
        run("generate_video", "A fox", user="alice", wait=True)

    assert raised.value.returncode == 130
    assert Video.objects.get().state == State.QUEUED
    assert Video.objects.get().cancel_requested_at is None


def test_the_file_is_copied_whole_over_an_older_one(alice, run, meanwhile, tmp_path: Path):
    output = tmp_path / "clip.mp4"
    output.write_bytes(b"older")
    meanwhile(_completes)

    run("generate_video", "A fox", user="alice", output=output)

    assert output.read_bytes() == b"the whole clip"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_copy_that_breaks_off_leaves_the_older_file(alice, run, meanwhile, tmp_path: Path, monkeypatch):
    output = tmp_path / "clip.mp4"
    output.write_bytes(b"older")
    meanwhile(_completes)

    def break_off(source, target) -> None:
        target.write(b"the wh")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", break_off)
    with pytest.raises(CommandError, match=r"--output: .*No space left.*stored in the studio"):
        run("generate_video", "A fox", user="alice", output=output)

    assert output.read_bytes() == b"older"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


class Clock:
    now = 0.0

    def pass_by(self) -> None:
        self.now += 30


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("videos.management.progress.monotonic", lambda: clock.now)
    return clock


def test_it_says_once_that_no_worker_seems_to_run(alice, run, meanwhile, clock: Clock):
    meanwhile(lambda: None, clock.pass_by, clock.pass_by, _completes)

    ran = run("generate_video", "A fox", user="alice", wait=True)

    assert ran.err.count("Is a worker running?") == 1


def test_it_says_nothing_while_others_have_their_turn(alice, run, ran, meanwhile, clock: Clock):
    run("generate_video", "A bear", user="alice")
    VideoFactory(backend=Video.objects.get().backend, state=State.IN_PROGRESS)
    fox = Video.objects.filter(prompt="A fox")
    meanwhile(lambda: None, clock.pass_by, lambda: fox.update(state=State.CANCELED))

    with pytest.raises(CommandError, match="canceled"):
        run("generate_video", "A fox", user="alice", wait=True)

    assert "worker" not in ran.err


def test_it_tells_of_a_backend_that_is_paused(alice, run, ran, meanwhile, clock: Clock):
    backend = Backend.objects.for_environment()
    until = timezone.now() + timedelta(hours=1)
    Backend.objects.filter(pk=backend.pk).update(paused_until=until, pause_reason="The key was refused.")
    meanwhile(lambda: None, clock.pass_by, _completes)

    run("generate_video", "A fox", user="alice", wait=True)

    assert "is paused until" in ran.err
    assert "The key was refused." in ran.err
    assert "worker" not in ran.err
