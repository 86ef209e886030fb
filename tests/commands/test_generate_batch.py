import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.utils import timezone
from PIL import Image

from tests.factories import VideoFactory
from videos.models import Backend, ReferenceImage, State, Video

pytestmark = pytest.mark.django_db

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: str | bytes, name: str = "batch.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


@pytest.fixture
def refused(alice, run, ran, hints, write: Write):
    """The command's complaint about a file, with the proof that nothing came of it."""

    def complaint(content: str | bytes, name: str = "batch.csv", **options: object) -> str:
        with pytest.raises(CommandError) as raised:
            run("generate_batch", write(content, name), user="alice", **options)
        assert not Video.objects.exists()
        assert not ReferenceImage.objects.exists()
        assert hints == []
        assert ran.out == ""
        return str(raised.value)

    return complaint


CSV = 'prompt,model,seconds,size\n"A fox,\nin two lines",sora-2-pro,8,720x1280\n\nA bear,,,\n'


def test_it_queues_a_csv_file_and_prints_the_ids_in_its_order(
    alice, run, write: Write, hints, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        ran = run("generate_batch", write(CSV), user="alice")

    fox, bear = Video.objects.order_by("pk")
    assert ran.out == f"{fox.public_id}\n{bear.public_id}\n"
    assert ran.err == ""
    assert (fox.prompt, fox.model, fox.seconds, fox.size) == (
        "A fox,\nin two lines",
        "sora-2-pro",
        8,
        "720x1280",
    )
    assert (bear.prompt, bear.model, bear.seconds, bear.size) == ("A bear", "sora-2", 4, "1280x720")
    assert fox.owner == bear.owner == alice
    assert hints.count(("submit", fox.backend_id)) == 2


def test_it_queues_a_json_lines_file(alice, run, write: Write):
    rows = [
        {"prompt": "A fox\u2028that goes on", "seconds": 8},
        {"prompt": "A bear", "seconds": "12", "model": None},
    ]
    content = "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\r\n\r\n"

    run("generate_batch", write(content, "batch.JSONL"), user="alice")

    assert list(Video.objects.order_by("pk").values_list("prompt", "seconds")) == [
        ("A fox\u2028that goes on", 8),
        ("A bear", 12),
    ]


def test_a_byte_order_mark_from_a_spreadsheet_does_no_harm(alice, run, write: Write):
    run("generate_batch", write(b"\xef\xbb\xbfprompt\r\nA fox\r\n"), user="alice")

    assert Video.objects.get().prompt == "A fox"


def test_it_reports_every_fault_with_its_row_and_column(refused):
    content = (
        "prompt,model,seconds,size,reference\n"
        "A fox,sora-9,,,\n"
        ",sora-2,,,\n"
        '"two\nlines",,5,,\n'
        "ragged,,,,,too\n"
        "A bear,,four,,\n"
        "A wolf,,,,missing.png\n"
        "good,,,,\n"
    )

    complaint = refused(content)

    assert "There is no model “sora-9”" in complaint
    places = [line.partition(":")[0].strip() for line in complaint.splitlines()[1:]]
    assert places == [
        "row 2, column B (model)",
        "row 3, column A (prompt)",
        "row 4, column C (seconds)",
        "row 5 (line 6), column F",
        "row 6 (line 7), column C (seconds)",
        "row 7 (line 8), column E (reference)",
    ]
    assert "“too” stands under no heading" in complaint
    assert "seconds must be a whole number" in complaint
    assert "missing.png" in complaint


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "must name the columns"),
        (" , \n\n", "must name the columns"),
        ("prompt\n", "no video in this file"),
        ("prompt,prompt\nA fox,A bear\n", "the column “prompt” is named twice"),
        ("prompt,Prompt\nA fox,A bear\n", "the column “prompt” is named twice"),
        ("model\nsora-2\n", "the column “prompt” is missing"),
        ("A fox\nA bear\n", "The first row must name the columns: prompt, model"),
        ('prompt\n"A fox\n', "row 2: this is not CSV"),
        ("prompt\nA \x00 fox\n", "row 2, column A (prompt): prompt holds a character"),
        (b"prompt\nA fox\nA b\x8dr\n", "line 3: this is not UTF-8"),
        (b"\xef\xbb\xbfprompt\nA b\xe4r\n", "line 2: this is not UTF-8"),
        (b"\xff\xfep\x00r\x00", "the column “prompt” is missing"),
        (b"\xff\xfep\x00r", "line 1: this is not UTF-16-LE"),
        (b"PK\x03\x04\x14\x00", "this workbook cannot be read."),
        (b"\xd0\xcf\x11\xe0\xa1", "this is a workbook. Save the sheet as XLSX or CSV UTF-8."),
        ("prompt,seconds\nA fox,-4\n", "row 2, column B (seconds): seconds must be a whole number"),
        ("prompt;seconds\nA fox;4,5\n", "row 2, column B (seconds): seconds must be a whole number"),
        ("prompt,seconds\nA cat, sleepy,4\n", "row 2, column C: “4” stands under no heading"),
        ("prompt,fit\nA fox,stretch\n", "row 2, column B (fit): fit must be crop or pad"),
        ("prompt,custom_id\nA fox,1\nA bear,1\n", "row 3, column B (custom_id): row 2 has the same"),
        ("prompt,characters\nA fox,char_1\n", "column B (characters): characters cannot be chosen"),
        ("prompt\n" + "x" * 32_001, "row 2, column A (prompt): A prompt can have at most"),
        ("prompt\n" + "x" * 100_001, "row 2: a cell has more than 100,000 characters"),
        ("prompt\n" + "x" * 200_000, "row 2: a cell has more than 100,000 characters"),
        ("prompt" + "," * 16_384 + "\nA fox\n", "row 1: it has more than 16,384 columns"),
    ],
)
def test_it_refuses_a_csv_file_that_cannot_be_meant(refused, content: str | bytes, complaint: str):
    assert complaint in refused(content)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("[1]", "not a JSON object"),
        ("3", "not a JSON object"),
        ("{", "not JSON"),
        ('{"prompt": "A", "prompt": "B"}', "a key is named twice"),
        ('{"prompt": "A", "input_reference": "x"}', "Name an image file in “reference”"),
        ('{"custom_id": "1", "method": "GET", "url": "/v1/videos", "body": {}}', "method must be POST"),
        ('{"custom_id": "1", "url": "/v1/chat/completions", "body": {}}', "url must be /v1/videos"),
        ('{"custom_id": "1", "url": "/v1/videos", "body": "A"}', "body must be an object"),
        (
            '{"custom_id": "1", "url": "/v1/videos", "body": {"prompt": 7}}',
            "body.prompt: prompt must be text",
        ),
        ('{"custom_id": 1, "body": {"prompt": "A"}}', "custom_id must be text"),
        ('{"model": "sora-2"}', "the prompt is missing"),
        ('{"prompt": 7}', "prompt must be text"),
        ('{"prompt": "A", "seconds": 4.5}', "seconds must be a whole number"),
        ('{"prompt": "A", "seconds": true}', "seconds must be a whole number"),
        ('{"prompt": "A", "seconds": ' + "9" * 5000 + "}", "not usable"),
        ('{"prompt": "A\\u0000"}', "cannot be stored"),
        ('{"prompt": "A\\ud800"}', "cannot be stored"),
        ('{"prompt": "A", "reference": "\\ud800"}', "reference"),
        ("[" * 100_000, "not"),
    ],
)
def test_it_refuses_a_json_line_that_cannot_be_meant(refused, line: str, complaint: str):
    said = refused('{"prompt": "good"}\n' + line, "batch.jsonl")

    assert said.splitlines()[1].strip().startswith("line 2")
    assert complaint in said


@pytest.mark.parametrize("name", ["batch.txt", "batch"])
def test_it_refuses_another_kind_of_file(refused, name: str):
    assert "must end in .csv, .tsv, .xlsx, .xlsm, .jsonl, .ndjson or .json" in refused(
        "prompt\nA fox\n", name
    )


def test_a_file_that_is_not_there_is_named(alice, run, tmp_path: Path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run("generate_batch", tmp_path / "none.csv", user="alice")


def test_references_are_found_beside_the_file_and_kept_once(alice, run, write: Write, picture: bytes):
    write(picture, "fox.png")

    run("generate_batch", write("prompt,reference\nA,fox.png\nB,fox.png\nC,\n"), user="alice")

    image = ReferenceImage.objects.get()
    assert [video.reference for video in Video.objects.order_by("pk")] == [image, image, None]


def _pictures(write: Write, *names: str) -> None:
    for number, name in enumerate(names):
        buffer = BytesIO()
        Image.new("RGB", (64, 48), (number * 60, 0, 0)).save(buffer, "PNG")
        write(buffer.getvalue(), f"{name}.png")


def test_a_row_has_a_last_frame_and_further_images(alice, run, write: Write):
    _pictures(write, "a", "b", "c")
    table = "prompt,reference,last_frame,references\nA,a.png,b.png,c.png; b.png\nB,,,\n"
    rows = [{"prompt": "C", "references": ["b.png", "c.png"]}, {"prompt": "D", "references": "a.png"}]

    run("generate_batch", write(table), user="alice")
    run("generate_batch", write(json.dumps(rows), "batch.json"), user="alice")

    first, bare, listed, single = Video.objects.order_by("pk")
    a, b, c = *single.references, *listed.references
    assert (first.reference, first.last_frame, first.references) == (a, b, [c, b])
    assert (bare.reference, bare.last_frame, bare.references) == (None, None, [])
    assert ReferenceImage.objects.count() == 3


@pytest.mark.parametrize(
    ("columns", "row", "complaint"),
    [
        ("last_frame", "a.png", "(last_frame): A last frame needs a first frame"),
        ("references", "a.png;a.png;a.png;a.png", "(references): Sora 2 on Simulator takes at most 3"),
        ("references", "a.png;none.png", "(references): there is no file"),
        ("reference,last_frame", "a.png,none.png", "(last_frame): there is no file"),
    ],
)
def test_images_that_will_not_do_are_named_by_row_and_column(
    alice, run, hints, write: Write, columns: str, row: str, complaint: str
):
    _pictures(write, "a")

    with pytest.raises(CommandError) as raised:
        run(
            "generate_batch",
            write(f"prompt,{columns}\nA fox,{row}\nA bear{',' * (columns.count(',') + 1)}\n"),
            user="alice",
        )

    assert "row 2" in str(raised.value)
    assert complaint in str(raised.value)
    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()
    assert hints == []


def test_references_that_are_no_paths_are_refused(refused):
    assert "references must be paths" in refused('{"prompt": "A", "references": [1]}', "batch.jsonl")


def test_rows_that_differ_in_their_images_alone_are_not_repeated(alice, run, write: Write):
    _pictures(write, "a", "b")
    header = "prompt,reference,last_frame,references\n"
    run("generate_batch", write(f"{header}A,a.png,,\n"), user="alice")

    for row in ("A,a.png,b.png,", "A,a.png,,b.png", "A,a.png,a.png,"):
        run("generate_batch", write(f"{header}{row}\n"), user="alice")
    with pytest.raises(CommandError, match="already requested"):
        run("generate_batch", write(f"{header}A,a.png,,b.png\n\n"), user="alice")

    assert Video.objects.count() == 4


def test_a_dry_run_sums_up_and_creates_nothing(alice, run, write: Write, hints, picture: bytes):
    write(picture, "fox.png")
    content = "prompt,model,seconds,reference\nA,sora-2,8,fox.png\nB,sora-2,4,\nC,sora-2-pro,12,\n"

    ran = run("generate_batch", write(content), user="alice", dry_run=True)

    assert [line.split() for line in ran.out.splitlines()] == [
        ["model", "videos", "seconds", "price", "backend"],
        ["sora-2", "2", "12", "free", "Simulator"],
        ["sora-2-pro", "1", "12", "free", "Simulator"],
        ["total", "3", "24", "free"],
    ]
    assert "nothing was queued" in ran.err
    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()
    assert hints == []


def test_a_dry_run_checks_as_strictly(refused):
    assert "row 2, column B (seconds)" in refused("prompt,seconds\nA,5\n", dry_run=True)


def test_the_same_file_by_accident_is_not_paid_for_twice(alice, run, write: Write, picture: bytes):
    write(picture, "fox.png")
    path = write("prompt,reference\nA,fox.png\nB,\nB,\n")
    ran = run("generate_batch", path, user="alice")
    ids = ran.out

    assert run("generate_batch", path, user="alice").out == ids * 2
    assert "UTC: going on with it. --again starts anew." in ran.err
    assert Video.objects.count() == 3

    with pytest.raises(CommandError, match=r"3 of 3 .* \(row 2, row 3, row 4\).*--again"):
        run("generate_batch", write("prompt,reference\nA,fox.png\nB,\nB,\n\n"), user="alice")
    assert Video.objects.count() == 3

    ran = run("generate_batch", path, user="alice", dry_run=True)
    assert "3 of 3 videos were already requested in the last 24 hours" in ran.err

    run("generate_batch", path, user="alice", again=True)
    assert Video.objects.count() == 6


def test_one_repeated_row_is_enough_to_ask(alice, run, write: Write):
    VideoFactory(owner=alice, prompt="A")

    with pytest.raises(CommandError, match=r"1 of 2 videos .* \(row 2\)"):
        run("generate_batch", write("prompt\nA\nB\n"), user="alice")

    assert Video.objects.count() == 1


@pytest.mark.parametrize(
    "before",
    [
        {"state": State.FAILED},
        {"state": State.CANCELED},
        {"created_at": timezone.now() - timedelta(hours=25)},
        {"seconds": 8},
        {"size": "720x1280"},
        {"model": "sora-2-pro"},
    ],
)
def test_what_came_to_nothing_or_was_another_request_is_no_repetition(alice, run, write: Write, before):
    VideoFactory(owner=alice, prompt="A", **before)

    run("generate_batch", write("prompt\nA\n"), user="alice")

    assert Video.objects.count() == 2


def test_what_another_person_asked_for_is_no_repetition(alice, bob, run, write: Write):
    VideoFactory(owner=bob, prompt="A")

    run("generate_batch", write("prompt\nA\n"), user="alice")

    assert Video.objects.filter(owner=alice).count() == 1


def test_waiting_ends_with_a_summary(alice, run, ran, write: Write, meanwhile):
    def end() -> None:
        Video.objects.filter(prompt="A").update(state=State.COMPLETED)
        Video.objects.filter(prompt="B").update(state=State.FAILED, error_message="The filter said no.")
        Video.objects.filter(prompt="C").update(state=State.CANCELED)

    meanwhile(lambda: Video.objects.filter(prompt="A").update(state=State.IN_PROGRESS), end)

    with pytest.raises(CommandError, match="2 of 3 videos did not complete"):
        run("generate_batch", write("prompt\nA\nB\nC\n"), user="alice", wait=True)

    failed, canceled = Video.objects.get(prompt="B"), Video.objects.get(prompt="C")
    assert ran.err.splitlines() == [
        "0 of 3 done, 3 queued",
        "0 of 3 done, 2 queued, 1 in progress",
        "3 of 3 done, 1 completed, 1 failed, 1 canceled",
        "1 completed, 1 failed, 1 canceled.",
        f"row 3: {failed.public_id} failed: The filter said no.",
        f"row 4: {canceled.public_id} canceled",
    ]
    assert len(ran.out.split()) == 3


def test_all_completed_is_a_success(alice, run, write: Write, meanwhile):
    meanwhile(lambda: Video.objects.update(state=State.COMPLETED))

    ran = run("generate_batch", write("prompt\nA\nB\n"), user="alice", wait=True)

    assert ran.err.splitlines()[-1] == "2 completed."


def test_one_awaiting_a_decision_is_waited_for_as_long_as_others_run(alice, run, write: Write, meanwhile):
    first = Video.objects.filter(prompt="A")
    meanwhile(
        lambda: first.update(state=State.UNCERTAIN, due_at=None),
        lambda: first.update(state=State.QUEUED, due_at=timezone.now()),
        lambda: Video.objects.update(state=State.COMPLETED),
    )

    run("generate_batch", write("prompt\nA\nB\n"), user="alice", wait=True)


def test_a_thousand_rows_take_few_queries_and_few_messages(
    alice, run, write: Write, hints, django_assert_max_num_queries, django_capture_on_commit_callbacks
):
    content = "prompt\n" + "\n".join(f"Fox number {n}" for n in range(1_000))
    Backend.objects.for_environment()

    # SQLite takes 999 values in one query, which are those of a dozen videos.
    with django_assert_max_num_queries(400), django_capture_on_commit_callbacks(execute=True):
        ran = run("generate_batch", write(content), user="alice")

    assert Video.objects.count() == 1_000
    assert {task for task, _ in hints} == {"advance_batch", "submit"}
    in_order = Video.objects.order_by("pk").values_list("public_id", flat=True)
    assert ran.out.split() == list(in_order)
    assert Video.objects.order_by("pk").last().prompt == "Fox number 999"


def test_each_row_fits_its_picture_as_it_says(alice, run, write: Write, tmp_path: Path, picture: bytes):
    (tmp_path / "a.png").write_bytes(picture)
    rows = "prompt,reference,fit\nA fox,a.png,pad\nA bear,a.png,\nA wolf,a.png, crop \n"

    run("generate_batch", write(rows), user="alice")

    assert list(Video.objects.order_by("pk").values_list("reference_fit", flat=True)) == [
        "pad",
        "crop",
        "crop",
    ]


def test_another_fit_is_another_video(alice, run, write: Write, tmp_path: Path, picture: bytes):
    (tmp_path / "a.png").write_bytes(picture)
    run("generate_batch", write("prompt,reference,fit\nA fox,a.png,pad\n"), user="alice")

    run("generate_batch", write("prompt,reference,fit\nA fox,a.png,crop\n"), user="alice")

    assert Video.objects.count() == 2
    with pytest.raises(CommandError, match="requested in the last 24 hours"):
        run("generate_batch", write("prompt,reference,fit\nA fox,a.png,pad\n\n"), user="alice")


def test_without_a_picture_the_fit_makes_no_difference(alice, run, write: Write):
    run("generate_batch", write("prompt,fit\nA fox,pad\n"), user="alice")

    with pytest.raises(CommandError, match="requested in the last 24 hours"):
        run("generate_batch", write("prompt\nA fox\n"), user="alice")


@pytest.mark.parametrize("row", ['{"prompt": "A fox", "fit": "stretch"}', '{"prompt": "A fox", "fit": 3}'])
def test_it_refuses_a_fit_that_there_is_not(refused, row: str):
    assert "line 1, fit: fit must be " in refused(row, "batch.jsonl")
