"""The templates that the studio comes with."""

import importlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from PIL import Image, ImageChops, ImageStat

from videos.models import PromptTemplate, VideoModel
from videos.prompts.posters import poster_sizes
from videos.prompts.syntax import validate_template

pytestmark = pytest.mark.django_db

first = importlib.import_module("videos.migrations.0003_prompt_templates")
now = importlib.import_module("videos.migrations.0017_starting_set")


@pytest.fixture
def of_before() -> None:
    """The eight templates as they were before the migration."""
    PromptTemplate.objects.all().delete()
    first.fill(apps, None)


def test_every_one_is_good_to_use():
    shared = PromptTemplate.objects.all()
    assert len(shared) >= 24
    assert len({each.category for each in shared}) >= 5
    models = VideoModel.objects.all()
    for each in shared:
        assert each.category
        assert each.title
        validate_template(each.prompt)
        assert 1 <= len(each.parsed.variables) <= 3, each.title
        assert all(each.seconds in model.seconds and each.size in model.sizes for model in models)


def test_every_one_has_a_light_poster_in_its_shape():
    for each in PromptTemplate.objects.all():
        width, height = poster_sizes()[each.picture]
        requested_width, requested_height = map(int, each.size.split("x"))
        assert max(width, height) == 480
        assert abs(width / height - requested_width / requested_height) < 0.01
    posters = list(Path("static/templates").iterdir())
    assert {path.stem for path in posters} == {each.picture for each in PromptTemplate.objects.all()}
    assert all(path.stat().st_size <= 15_000 for path in posters)


@pytest.mark.usefixtures("of_before")
def test_what_nobody_touched_is_replaced_in_place():
    before = PromptTemplate.objects.get(title="City at dawn")
    PromptTemplate.objects.filter(title="Quiet nature").update(enabled=False, position=99)
    now.fill(apps, None)
    after = PromptTemplate.objects.get(title="City at dawn")
    assert after.pk == before.pk
    assert after.prompt != before.prompt
    assert after.picture == "city-at-dawn"
    moved = PromptTemplate.objects.get(title="Quiet nature")
    assert (moved.enabled, moved.position, moved.picture) == (False, 99, "quiet-nature")
    assert PromptTemplate.objects.count() == len(now.TEMPLATES)


@pytest.mark.usefixtures("of_before")
@pytest.mark.parametrize(
    "change", [{"prompt": "Ours"}, {"seconds": 12}, {"size": "1280x720"}, {"model": "sora-2"}]
)
def test_what_staff_changed_stays(change: dict[str, object]):
    PromptTemplate.objects.filter(title="City at dawn").update(**change)
    (before,) = PromptTemplate.objects.filter(title="City at dawn").values()
    now.fill(apps, None)
    assert list(PromptTemplate.objects.filter(title="City at dawn").values()) == [before]


@pytest.mark.usefixtures("of_before")
def test_what_staff_deleted_and_what_people_own_is_left_alone(alice):
    PromptTemplate.objects.filter(title="City at dawn").delete()
    own = PromptTemplate.objects.create(owner=alice, title="City at dawn", prompt="Mine")
    ours = PromptTemplate.objects.create(title="Night market", prompt="Our own")
    now.fill(apps, None)
    now.fill(apps, None)
    assert list(PromptTemplate.objects.filter(title="City at dawn")) == [own]
    assert list(PromptTemplate.objects.filter(title="Night market")) == [ours]
    assert PromptTemplate.objects.filter(title="Splash").count() == 1


def test_its_posters_can_be_drawn_again(alice, tmp_path: Path):
    PromptTemplate.objects.exclude(title__in=["Splash", "How it is made"]).delete()
    PromptTemplate.objects.create(owner=alice, title="Own", prompt="x", picture="splash")
    printed = io.StringIO()
    call_command("poster_orders", stdout=printed)
    orders = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert [order["name"] for order in orders] == ["splash", "how-it-is-made"]
    assert orders[0]["prompt"].startswith("A cut lemon drops into clear water")
    assert "into [product]," in orders[1]["prompt"]

    draw = [sys.executable, "-m", "simulator.posters", str(tmp_path)]
    subprocess.run(draw, input=printed.getvalue().splitlines()[0], text=True, check=True)

    with Image.open(tmp_path / "splash.webp") as again, Image.open("static/templates/splash.webp") as kept:
        assert again.size == kept.size == (270, 480)
        # Nearly, because another processor rounds otherwise.
        assert max(ImageStat.Stat(ImageChops.difference(again, kept)).mean) < 4


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "{}", '{"name": "../x", "prompt": "x", "size": "16x16", "seconds": 4}', '{"name": 3}'],
)
def test_what_is_no_order_is_told(tmp_path: Path, line: str):
    draw = [sys.executable, "-m", "simulator.posters", str(tmp_path)]
    ended = subprocess.run(draw, input=line + "\n", text=True, capture_output=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Not a poster order")
    assert not list(tmp_path.iterdir())
