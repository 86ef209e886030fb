"""The page for a new batch: what is wrong is named, what is right is kept, and nothing is created yet."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.factories import ReferenceImageFactory, VideoFactory
from videos.models import Batch, BatchState, ReferenceImage, Video

pytestmark = pytest.mark.django_db

NEW = "/batches/new"


def _page(response) -> str:
    return " ".join(response.content.decode().split())


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 20, 10)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_pasted_table_is_checked_and_kept_with_its_prices(as_alice, alice, priced):
    table = "prompt\tmodel\tseconds\nA fox\tpaid-1\t10\nA bear\tpaid-1\t4\n"
    response = as_alice.post(NEW, {"table": table, "name": "Animals"})
    batch = Batch.objects.get()
    assert response.headers["Location"] == f"/batches/{batch.public_id}/"
    assert (batch.owner, batch.name, batch.state, str(batch.estimate)) == (
        alice,
        "Animals",
        BatchState.READY,
        "1.400000",
    )
    assert not Video.objects.exists()
    page = _page(as_alice.get(f"/batches/{batch.public_id}/"))
    assert "Start for $1.40" in page
    assert "$1.00" in page
    assert "No limit" in page


def test_a_pasted_table_without_a_name_is_not_named_like_a_file(as_alice):
    as_alice.post(NEW, {"table": "prompt\nA fox\n"})
    assert Batch.objects.get().name.startswith("Batch of ")


def test_a_file_with_faults_names_each_and_comes_back_to_be_mended(as_alice):
    file = SimpleUploadedFile("b.csv", b"prompt;seconds\r\nA fox;5\r\n;4\r\n")
    response = as_alice.post(NEW, {"file": file})
    assert response.status_code == 422
    page = _page(response)
    assert "2 faults. Nothing was created." in page
    assert "row 2, column B (seconds):</strong> Sora 2 supports these durations: 4, 8, 12 seconds." in page
    assert "row 3, column A (prompt):</strong> the prompt is missing." in page
    assert "prompt;seconds" in page
    assert not Batch.objects.exists()


def test_only_so_many_faults_are_listed(as_alice):
    response = as_alice.post(NEW, {"table": "prompt,seconds\n" + "A fox,5\n" * 300})
    page = _page(response)
    assert "300 faults" in page
    assert "200 are shown." in page
    assert page.count("supports these durations") == 200


def test_a_template_alone_makes_all_combinations(as_alice):
    as_alice.post(NEW, {"template": "{city|Paris,Tokyo} at {light|dawn,dusk}", "seconds": "8"})
    batch = Batch.objects.get()
    assert [row.request["prompt"] for row in batch.rows.all()] == [
        "Paris at dawn",
        "Paris at dusk",
        "Tokyo at dawn",
        "Tokyo at dusk",
    ]
    assert {row.request["seconds"] for row in batch.rows.all()} == {8}


def test_the_variables_of_a_template_are_columns_of_the_table(as_alice):
    as_alice.post(NEW, {"template": "{City} at {light|dawn}", "table": "city;light\nParis;dusk\nTokyo;\n"})
    prompts = [row.request["prompt"] for row in Batch.objects.get().rows.all()]
    assert prompts == ["Paris at dusk", "Tokyo at dawn"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Choose a file, paste a table, or write a template"),
        ({"template": "{city}"}, "Name the values of “city”"),
        ({"template": "No variable"}, "Name at least one variable"),
        ({"template": "{size|a,b}"}, "“size” is a column of every batch"),
        ({"template": "{city"}, "unmatched"),
        ({"template": "{" + "a|" + ",".join(map(str, range(400))) + "}"}, ""),
        ({"template": "{city} x", "table": "city\n\nParis\n", "seconds": "5"}, "supports these durations"),
        ({"table": "prompt\n\x00A fox\n"}, "Null characters are not allowed"),
        ({"file": SimpleUploadedFile("x.exe", b"MZ")}, "ends in .csv"),
        ({"file": SimpleUploadedFile("x.csv", b"")}, "Choose a file"),
        ({"table": "prompt\nA\n", "images": SimpleUploadedFile("x.zip", b"none")}, "no ZIP"),
        ({"table": "prompt,reference\nA,nowhere.png\n"}, "“nowhere.png” is not among your references"),
    ],
)
def test_what_cannot_be_meant_is_said_and_never_an_error(as_alice, data, sentence):
    response = as_alice.post(NEW, data)
    assert response.status_code == (422 if sentence else 302)
    assert sentence in _page(response)


def test_too_many_combinations_are_refused_before_they_are_made(as_alice):
    many = ",".join(map(str, range(60)))
    template = " ".join(f"{{v{n}|{many}}}" for n in range(12))
    response = as_alice.post(NEW, {"template": template})
    assert response.status_code == 422
    assert "combinations, and a batch can have 10,000 rows" in _page(response)


def test_rows_name_files_of_a_zip_and_ones_own_references(as_alice, alice, bob):
    own = ReferenceImageFactory(owner=alice, name="The tram")
    ReferenceImageFactory(owner=bob, name="Not mine")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as parts:
        parts.writestr("pictures/Boat.PNG", _picture())
        parts.writestr("__MACOSX/pictures/._Boat.PNG", b"x")
    table = "prompt,reference\nA,boat.png\nB,the tram\nC,Not mine\n"
    sent = {"table": table, "images": SimpleUploadedFile("i.zip", archive.getvalue())}
    response = as_alice.post(NEW, sent)
    assert "“Not mine” is neither in the ZIP nor among your references." in _page(response)
    assert ReferenceImage.objects.count() == 2

    sent = {
        "table": table.replace("Not mine", own.public_id),
        "images": SimpleUploadedFile("i.zip", archive.getvalue()),
    }
    as_alice.post(NEW, sent)
    new = ReferenceImage.objects.exclude(pk=own.pk).get(owner=alice)
    assert [row.request["reference"] for row in Batch.objects.get().rows.all()] == [new.pk, own.pk, own.pk]


def test_a_selection_becomes_a_table_to_be_changed(as_alice, alice, bob):
    fox = VideoFactory(owner=alice, prompt="A fox, asleep", state="completed", seconds=8)
    others = VideoFactory(owner=bob, prompt="Not mine")
    response = as_alice.post("/batches/again", {"id": [fox.public_id, others.public_id]})
    page = response.content.decode()
    assert "&quot;A fox, asleep&quot;,sora-2,8,1280x720" in page
    assert "Not mine" not in page


def test_what_all_rows_share_can_count_more_than_they_say(as_alice):
    table = "prompt,seconds,ratio\nA fox,4,9:16\nA bear,,\n"
    as_alice.post(NEW, {"table": table, "seconds": "8", "size": "1280x720"})
    as_alice.post(NEW, {"table": table, "seconds": "8", "size": "1280x720", "override": "on"})
    second, first = Batch.objects.all()
    assert [(row.request["seconds"], row.request["size"]) for row in first.rows.all()] == [
        (4, "720x1280"),
        (8, "1280x720"),
    ]
    assert {(row.request["seconds"], row.request["size"]) for row in second.rows.all()} == {(8, "1280x720")}


def test_a_strange_file_is_kept_with_what_can_be_stored_of_it(as_alice):
    file = SimpleUploadedFile("b.csv", b"prompt,a\x00b\nA fox,1\n")
    assert as_alice.post(NEW, {"file": file}).status_code == 302
    assert "Not used: “ab”." in Batch.objects.get().warnings[0]


def test_a_viewer_makes_no_batch(as_alice, alice):
    alice.role = "viewer"
    alice.save()
    as_alice.post(NEW, {"table": "prompt\nA fox\n"})
    assert not Batch.objects.exists()
