"""Parameters from the command line: options of one video, columns of many."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from videos.models import Backend, Video, VideoModel

pytestmark = pytest.mark.django_db

SEED = {"name": "seed", "type": "integer", "minimum": 0, "maximum": 99}
AVOID = {"name": "negativePrompt", "label": "Avoid", "type": "text"}


@pytest.fixture(autouse=True)
def declared() -> None:
    backend = Backend.objects.for_environment()
    VideoModel.objects.filter(name="sora-2").update(parameters=[SEED, AVOID])
    VideoModel.objects.filter(name="sora-2-pro").update(parameters=[])
    for model in VideoModel.objects.all():
        model.backends.add(backend)


Queue = Callable[..., list[dict[str, object]]]


@pytest.fixture
def queue(alice, run, tmp_path: Path) -> Queue:
    """Run the command on a file's content, and return the parameters of what is queued then."""

    def queued(content: str, name: str = "batch.csv", **options: object):
        path = tmp_path / name
        path.write_text(content)
        run("generate_batch", path, user="alice", **options)
        return list(Video.objects.order_by("pk").values_list("parameters", flat=True))

    return queued


# --- One video ---------------------------------------------------------------------------------------------


def test_options_name_them(alice, run):
    run("generate_video", "A cat", user="alice", parameter=["seed=7", "negativePrompt=fog = bad"])

    assert Video.objects.get().parameters == {"seed": 7, "negativePrompt": "fog = bad"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["seed"], "--parameter: Write NAME=VALUE, such as seed=7, not “seed”."),
        (["seed=1", "seed=2"], "--parameter: “seed” is given twice."),
        (["seed=100"], "--parameter seed: Seed must be between 0 and 99."),
        (["fps=24"], "--parameter fps: This model does not take “fps”. It takes seed, negativePrompt."),
    ],
)
def test_a_mistake_names_the_option(alice, run, options: list[str], sentence: str):
    with pytest.raises(CommandError) as refused:
        run("generate_video", "A cat", user="alice", parameter=options)

    assert str(refused.value) == sentence
    assert not Video.objects.exists()


# --- Many videos -------------------------------------------------------------------------------------------


def test_columns_are_found_whatever_their_case_and_empty_cells_are_left_out(queue: Queue):
    assert queue("prompt;SEED;NegativePrompt\nA cat;7,0;fog\nA dog;;\n") == [
        {"seed": 7, "negativePrompt": "fog"},
        {},
    ]


def test_an_object_holds_them_too_and_a_column_counts_more(queue: Queue):
    assert queue('prompt,seed,parameters\nA cat,7,"{""seed"": 1, ""negativePrompt"": ""fog""}"\n') == [
        {"seed": 7, "negativePrompt": "fog"}
    ]


def test_json_has_keys_or_an_object(queue: Queue):
    lines = [
        {"prompt": "A cat", "seed": 7},
        {"prompt": "A dog", "parameters": {"seed": 8}},
        {"custom_id": "a", "url": "/v1/videos", "body": {"prompt": "An owl", "seed": 9}},
    ]

    assert queue("\n".join(map(json.dumps, lines)), "batch.jsonl") == [{"seed": 7}, {"seed": 8}, {"seed": 9}]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("prompt,seed\nA cat,100\n", "row 2, column B (seed): Seed must be between 0 and 99."),
        (
            "prompt,model,seed\nA cat,sora-2-pro,7\n",
            "row 2, column C (seed): This model does not take “seed”. It takes no parameters.",
        ),
        (
            'prompt,parameters\nA cat,"{""fps"": 24}"\n',
            "column B (parameters): This model does not take “fps”",
        ),
        ("prompt,parameters\nA cat,seed=7\n", "column B (parameters): parameters: Write a JSON object"),
        ("prompt,seed,Seed\nA cat,1,2\n", "the column “seed” is named twice."),
    ],
)
def test_a_mistake_names_row_and_column_and_nothing_is_queued(queue: Queue, content: str, sentence: str):
    with pytest.raises(CommandError) as refused:
        queue(content + "A dog,,\n")

    assert sentence in str(refused.value)
    assert not Video.objects.exists()


def test_a_column_that_no_model_takes_is_warned_of(queue: Queue):
    with pytest.raises(CommandError, match="Not used: “fps”"):
        queue("prompt,fps\nA cat,24\n", strict=True)


def test_another_seed_is_another_request(queue: Queue):
    queue("prompt,seed\nA cat,7\n")

    assert len(queue("prompt,seed\nA cat,8\n")) == 2
    with pytest.raises(CommandError, match="already requested"):
        queue("prompt,seed\nA cat,8.0\n")
