"""seed_demo: a studio worth looking at, by the simulator alone; --reset leaves nothing of it."""

from contextlib import nullcontext
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.core.management import CommandError

from accounts.models import User
from billing.models import Budget, LedgerLine
from notifications.models import Notification
from tests.factories import BackendFactory, UserFactory, VideoFactory
from videos.demo import material, workroom
from videos.demo.build import GROUP
from videos.engine import hold
from videos.models import ApprovalRequest, Batch, Collection, Kind, ShareLink, State, Video, VideoModel


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, start_simulator, settings) -> None:
    """A demo of a dozen small videos: rendering sixty takes a minute."""
    simulator = start_simulator()
    settings.SIMULATOR_URL = f"{simulator.url}/v1"
    monkeypatch.setattr(material, "PROMPTS", material.PROMPTS[:7])
    monkeypatch.setattr(material, "BATCH", "\n".join(material.BATCH.splitlines()[:3]))
    monkeypatch.setattr(workroom, "_FPS", 1)


@pytest.mark.django_db(transaction=True)
def test_it_makes_a_studio_worth_looking_at_and_takes_it_all_away_again(run, ran, small: None):
    VideoModel.objects.get_or_create(
        name=material.MODEL,
        defaults={"label": "Sora 2", "sizes": [material.WIDE, material.TALL], "seconds": [4, 8]},
    )
    theirs = VideoFactory(owner=UserFactory(username="somebody"), state=State.COMPLETED)
    theirs.backend.enabled = False
    theirs.backend.save()

    with pytest.raises(CommandError, match=r"There are videos here already\. --force"):
        run("seed_demo")
    run("seed_demo", "--force")

    jonas = User.objects.get(username="demo-jonas")
    demo = Video.objects.filter(owner__username__startswith=material.PREFIX)
    states = list(demo.values_list("state", flat=True))
    assert states.count(State.COMPLETED) == 7 + 4 + 2 + 4
    assert (states.count(State.FAILED), states.count(State.UNCERTAIN)) == (1, 1)
    assert {video.kind for video in demo} == set(Kind)
    assert all(default_storage.size(video.file.name) > 500 for video in demo.exclude(file=""))
    assert demo.filter(take_group__isnull=False).count() == 4
    assert Batch.objects.get().state == "completed"
    assert Collection.objects.count() == len(material.COLLECTIONS) + 1
    assert demo.filter(favourite=True).exists()
    assert demo.exclude(note="").exists()
    assert demo.filter(tags__name="for review").exists()
    assert demo.filter(trashed_at__isnull=False).exists()
    assert ShareLink.objects.filter(owner=jonas).exists()
    assert Budget.objects.count() == 2
    assert ApprovalRequest.objects.waiting().count() == 1
    assert Notification.objects.filter(user__username="demo-aiko").exists()
    assert not LedgerLine.objects.exists()  # nothing costs anything
    password = ran.out.split("Password of each: ")[1].strip()
    assert jonas.check_password(password)
    assert not User.objects.filter(username__startswith=material.PREFIX, is_staff=True).exists()
    with pytest.raises(CommandError, match=r"The demo is here already\. --reset removes it\."):
        run("seed_demo", "--force")

    run("seed_demo", "--reset", "--no-input")

    assert list(Video.objects.all()) == [theirs]
    assert not User.objects.filter(username__startswith=material.PREFIX).exists()
    for model in (Batch, Collection, ShareLink, Budget, ApprovalRequest):
        assert not model.objects.exists()
    assert not Group.objects.filter(name="Made by seed_demo").exists()
    left = [path for path in Path(default_storage.path("videos")).rglob("*") if path.is_file()]
    assert left == []
    assert "There is no demo here." in run("seed_demo", "--reset").out


@pytest.mark.django_db
def test_it_never_goes_to_a_backend_that_may_cost_money(run):
    backend = BackendFactory(name="Cloud")
    model = VideoModel.objects.create(name="cloud-1", label="Cloud 1", sizes=["1280x720"], seconds=[4])
    backend.models.add(model)

    with pytest.raises(CommandError, match="whose videos may cost money"):
        run("seed_demo", "--force")

    assert not User.objects.exists()


@pytest.mark.django_db
def test_it_touches_nobody_who_has_the_same_name(run):
    UserFactory(username="demo-aiko")

    with pytest.raises(CommandError, match="an account “demo-aiko” already"):
        run("seed_demo")
    run("seed_demo", "--reset")

    assert User.objects.get().username == "demo-aiko"


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["no", "", "y", EOFError()])
def test_reset_asks_first_and_removes_nothing_without_a_yes(
    run, monkeypatch: pytest.MonkeyPatch, answer: str | EOFError
):
    person = UserFactory(username="demo-aiko")
    person.groups.add(Group.objects.create(name=GROUP))
    VideoFactory(owner=person, state=State.COMPLETED)
    asked = Mock(side_effect=[answer])
    monkeypatch.setattr("builtins.input", asked)

    with pytest.raises(CommandError, match="Nothing was removed"):
        run("seed_demo", "--reset")

    assert "deletes demo-aiko and all that is theirs for good: 1 video," in asked.call_args.args[0]
    assert (User.objects.count(), Video.objects.count()) == (1, 1)
    asked.side_effect = ["yes"]
    monkeypatch.setattr("videos.management.commands.seed_demo.open_workroom", nullcontext)
    monkeypatch.setattr("videos.management.commands.seed_demo.reset", lambda: (1, []))
    assert "1 people of the demo" in run("seed_demo", "--reset").out


@pytest.mark.django_db
def test_a_studio_that_is_held_makes_none(run):
    hold.hold(note="x")

    with pytest.raises(CommandError, match="Submissions are held"):
        run("seed_demo")
