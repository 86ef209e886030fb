"""Files as spreadsheets and programs write them: each is read as it is meant."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from videos.models import State, Video

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent / "spreadsheets"
CAT = [("A cat", "sora-2", 4, "1280x720")]

NEXT_LINE = "\n"
BATCH_REQUESTS = (
    '{"custom_id": "a", "method": "POST", "url": "/v1/videos", "body": {"prompt": "A cat"}}\n'
    '{"custom_id": "b", "url": "https://api.openai.com/v1/videos", "body": {"prompt": "A dog", "seconds": 8}}'
)

Queue = Callable[..., list[tuple[str, str, int, str]]]


@pytest.fixture
def queue(alice, run, tmp_path: Path) -> Queue:
    """Run the command on a file's content, and return what was queued."""

    def queued(content: str | bytes, name: str = "batch.csv", **options: object):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        run("generate_batch", path, user="alice", **options)
        return list(Video.objects.order_by("pk").values_list("prompt", "model", "seconds", "size"))

    return queued


@pytest.mark.parametrize(
    ("name", "videos"),
    [
        ("semicolon.csv", [("A cat, sleepy", "sora-2", 4, "1280x720")]),
        ("semicolon_onecol.csv", CAT),
        ("tab.csv", CAT),
        ("utf16_tab.csv", CAT),
        ("sep_line.csv", CAT),
        ("caps.csv", CAT),
        ("float_seconds.csv", CAT),
        ("trailing_empty_cols.csv", [*CAT, ("A dog", "sora-2", 4, "1280x720")]),
        ("trailing_empty_rows.csv", CAT),
        ("extra_col.csv", CAT),
        ("comma_after.jsonl", [*CAT, ("A dog", "sora-2", 4, "1280x720")]),
        ("openai_batch.jsonl", CAT),
    ],
)
def test_files_from_real_programs_are_read_as_they_are_meant(queue: Queue, name: str, videos):
    assert queue((FOLDER / name).read_bytes(), name) == videos


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_an_umlaut_survives_every_encoding(queue: Queue, encoding: str):
    assert queue("Prompt;Seconds\r\nEin müder Bär;8,0\r\n".encode(encoding)) == [
        ("Ein müder Bär", "sora-2", 8, "1280x720")
    ]


def test_a_guessed_encoding_is_told_with_an_example_and_refused_when_strict(queue: Queue, ran):
    content = "prompt\nA fox\nEin Bär\n".encode("cp1252")

    with pytest.raises(CommandError, match="read as Windows-1252"):
        queue(content, strict=True)
    assert not Video.objects.exists()

    queue(content)
    assert "Check its letters: row 3 begins “Ein Bär”." in ran.err


@pytest.mark.parametrize(
    "content",
    [
        "prompt\nA cat, sleepy\n",  # one column of a sheet whose separator is the semicolon
        'prompt\n"A cat, sleepy"\n',
        'sep=;\nprompt\n"A cat, sleepy"\n',
        '"sep=\t"\n\nprompt\nA cat, sleepy\n',
        "\nseconds\tprompt\n4\tA cat, sleepy\n",
        "id;prompt\n1;A cat, sleepy\n",
        'prompt,seconds,size\n"A cat, sleepy"\n',  # Excel leaves out the last cells of a row
        'prompt,seconds\r"A cat, sleepy",4.00\r',
        "PROMPT ;Custom ID\nA cat, sleepy;7\n",
    ],
)
def test_the_separator_is_found_out(queue: Queue, content: str):
    assert queue(content) == [("A cat, sleepy", "sora-2", 4, "1280x720")]


def test_a_line_break_inside_a_cell_stays(queue: Queue):
    content = 'prompt;seconds\r\n"A fox\r\nin the snow";4\r\n'

    assert [prompt for prompt, *_ in queue(content)] == ["A fox\nin the snow"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("id,prompt,notes,\n1,A cat,ok,\n", "batch.csv"),
        ('{"id": 1, "prompt": "A cat", "notes": null}', "batch.jsonl"),
        ('[{"id": 1, "prompt": "A cat"}, {"prompt": "A dog", "notes": "x"}]', "batch.json"),
    ],
)
def test_an_unknown_column_is_a_warning_and_an_error_only_when_strict(queue: Queue, ran, content, name):
    with pytest.raises(CommandError, match="Not used: “id”, “notes”"):
        queue(content, name, strict=True)
    assert not Video.objects.exists()

    assert queue(content, name)[0] == CAT[0]
    assert "Not used: “id”, “notes”. Known columns are prompt, model, seconds, size, ratio" in ran.err


@pytest.mark.parametrize(
    "content",
    [
        '[{"prompt": "A cat"},\n {"prompt": "A dog", "seconds": 8.0}]',
        ' [ {"prompt": "A cat"} , {"prompt": "A dog", "seconds": "8"} , ] \n',
        '{"prompt": "A cat"},\n{"prompt": "A dog", "seconds": 8}',
        BATCH_REQUESTS,
        f"[{BATCH_REQUESTS.replace(NEXT_LINE, ',')}]",
    ],
)
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".ndjson"])
def test_arrays_lines_and_batch_requests_are_read(queue: Queue, content: str, suffix: str):
    assert [(prompt, seconds) for prompt, _, seconds, _ in queue(content, f"batch{suffix}")] == [
        ("A cat", 4),
        ("A dog", 8),
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[]", "line 1: there is no video in this file"),
        ('[{"prompt": "A"}, 7]', "entry 2: this is not a JSON object"),
        ('[{"prompt": "A"},\n{"prompt": "B", "seconds": 4.5}]', "entry 2, seconds: seconds must be"),
        ('[{"prompt": "A"}\n{"prompt": "B"}]', "entry 1: this is not JSON: Expecting ',' or ']' at line 2"),
        ('[{"prompt": "A"},\n{"prompt": ', "entry 2: this is not JSON"),
        ('[{"prompt": "A"}', "entry 1: this is not JSON"),
        ('[{"prompt": "A"}] more', "after the array: “more” does not belong there"),
        ('[{"prompt": "A", "prompt": "B"}]', "entry 1: this is not usable: a key is named twice"),
        ("[" * 100_000, "entry 1: this is not"),
        ('[{"custom_id": "a", "prompt": "A"}, {"custom_id": "a", "prompt": "B"}]', "entry 1 has the same"),
        ("{" + ",".join(f'"k{n}": 1' for n in range(101)) + "}", "it has too many keys"),
        (b'{"prompt": "B\xe4r"}', "line 1: this is not UTF-8"),
    ],
)
def test_a_fault_in_json_is_named_by_its_entry(queue: Queue, content: str | bytes, complaint: str):
    with pytest.raises(CommandError) as raised:
        queue(content, "batch.json")

    assert complaint in str(raised.value)
    assert not Video.objects.exists()


def test_the_key_that_a_row_has_is_named_with_its_outcome(queue: Queue, ran, meanwhile):
    meanwhile(lambda: Video.objects.update(state=State.FAILED, error_message="The filter said no."))
    lines = [{"custom_id": f"shot-{n}", "body": {"prompt": f"Fox {n}"}} for n in (1, 2)]

    with pytest.raises(CommandError, match="2 of 2 videos did not complete"):
        queue("\n".join(map(json.dumps, lines)), "batch.jsonl", wait=True)

    first = Video.objects.order_by("pk").first()
    assert first is not None
    assert f"line 1 (shot-1): {first.public_id} failed: The filter said no." in ran.err


def test_a_file_that_is_too_large_is_not_read_to_its_end(queue: Queue, settings):
    settings.MAX_BATCH_FILE_SIZE = 1024 * 1024

    with pytest.raises(CommandError, match="the file is larger than 1 MB"):
        queue("prompt\n" + "A fox\n" * 200_000)


def test_a_device_that_never_ends_is_not_read_for_ever(alice, run, tmp_path: Path, settings):
    settings.MAX_BATCH_FILE_SIZE = 1024 * 1024
    path = tmp_path / "zero.csv"
    path.symlink_to("/dev/zero")

    with pytest.raises(CommandError, match="the file is larger"):
        run("generate_batch", path, user="alice")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("prompt\n" + "A fox\n" * 4, "batch.csv"),
        ('{"prompt": "A fox"}\n' * 4, "batch.jsonl"),
        ("[" + '{"prompt": "A fox"},' * 4 + "]", "batch.json"),
    ],
)
def test_there_are_at_most_so_many_rows(queue: Queue, settings, content, name):
    settings.MAX_BATCH_ROWS = 3

    with pytest.raises(CommandError, match="the file has more than 3 rows"):
        queue(content, name)
    assert not Video.objects.exists()


def test_empty_rows_do_not_count(queue: Queue, settings):
    settings.MAX_BATCH_ROWS = 1

    assert queue("prompt,seconds\nA cat,4\n" + ",\n" * 50) == CAT


def test_a_ratio_and_a_resolution_stand_for_a_size(queue: Queue):
    rows = "A cat,,9:16,720p\nA dog,sora-2-pro,16:9,1024p\nA cow,,,\nA hen,,9:16,\n"
    videos = queue(f"prompt,model,Ratio,resolution\n{rows}")
    assert [video[-1] for video in videos] == ["720x1280", "1792x1024", "1280x720", "720x1280"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("A cat,,1:1,720p", "row 2, column C (ratio): Sora 2 supports these ratios: 16:9, 9:16."),
        ("A cat,,16:9,4K", "row 2, column D (resolution): Sora 2 at 16:9 supports these resolutions: 720p"),
        ("A cat,640x480,16:9,720p", "row 2, column B (size): give either size, or ratio and resolution."),
    ],
)
def test_a_ratio_that_the_model_does_not_have_queues_nothing(queue: Queue, row: str, sentence: str):
    with pytest.raises(CommandError) as raised:
        queue(f"prompt,size,ratio,resolution\n{row}\n")
    assert sentence in str(raised.value)
    assert str(raised.value).count("row 2") == 1
    assert not Video.objects.exists()
