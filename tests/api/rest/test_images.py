"""A last frame and references in the REST API: as files, or by the ids of one's own images."""

import pytest
from django.test import Client

from accounts.models import User
from tests.api.rest.conftest import refused
from tests.api.rest.test_generate import GENERATE, ask, upload
from tests.factories import ReferenceImageFactory, VideoFactory
from tests.views.page import picture as noise
from videos.models import Backend, ReferenceImage, Video, VideoModel, VideoReference

pytestmark = pytest.mark.django_db


def _nothing_came_of_it() -> bool:
    return not Video.objects.exists()


def test_it_takes_them_as_files(program: Client, alice: User):
    fields = {
        "prompt": "A lake",
        "input_reference": upload(noise()),
        "last_frame": upload(noise(), "end.png"),
        "references": [upload(noise(), "ada.png"), upload(noise(), "bob.png")],
    }

    response = program.post(GENERATE, fields)

    assert response.status_code == 200, response.content
    video = Video.objects.get()
    assert video.last_frame.name == "end"
    assert [image.name for image in video.references] == ["ada", "bob"]
    body = response.json()
    assert body["reference"] == video.reference.public_id
    assert body["last_frame"] == video.last_frame.public_id
    assert body["references"] == [image.public_id for image in video.references]


def test_it_takes_them_by_the_ids_that_a_video_tells(program: Client, alice: User):
    first, last, *others = (ReferenceImageFactory(owner=alice) for _ in range(4))
    ids = [image.public_id for image in others]
    fields = {"prompt": "A lake", "reference": first.public_id, "last_frame": last.public_id}

    by_json = ask(program, **fields, references=ids)
    by_form = program.post(GENERATE, {**fields, "references": ",".join(ids)})

    for response in (by_json, by_form):
        assert response.status_code == 200, response.content
        assert response.json() | fields | {"references": ids} == response.json()
    assert [video.references for video in Video.objects.all()] == [others] * 2


def test_ids_come_before_files(program: Client, alice: User):
    known = ReferenceImageFactory(owner=alice, name="known")
    fields = {"prompt": "A", "references": [known.public_id, upload(noise(), "new.png")]}

    assert program.post(GENERATE, fields).status_code == 200
    assert [image.name for image in Video.objects.get().references] == ["known", "new"]


@pytest.mark.parametrize("field", ["reference", "last_frame", "references"])
@pytest.mark.parametrize("whose", ["bob", "nobody"])
def test_it_knows_no_image_of_another(program: Client, bob: User, field: str, whose: str):
    theirs = ReferenceImageFactory(owner=bob).public_id if whose == "bob" else "ref_nobody"
    value = [theirs] if field == "references" else theirs
    refused(ask(program, prompt="A lake", **{field: value}), 422, param=field)
    assert _nothing_came_of_it()


def test_what_does_not_go_together_is_told_at_its_field(program: Client, alice: User):
    files = [upload(noise()) for _ in range(4)]
    image = ReferenceImageFactory(owner=alice)
    wrong = [
        ({"last_frame": upload(noise())}, "last_frame"),
        ({"references": files}, "references"),
        ({"reference": image.public_id, "input_reference": upload(noise())}, "input_reference"),
        ({"input_reference": upload(noise()), "last_frame": upload(b"no picture")}, "last_frame"),
        ({"references": [upload(b"no picture")]}, "references"),
    ]
    for fields, param in wrong:
        refused(program.post(GENERATE, {"prompt": "A lake", **fields}), 422, param=param)
    assert _nothing_came_of_it()
    assert ReferenceImage.objects.get() == image


def test_too_many_files_are_refused_before_any_is_decoded(program: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("videos.api.images.open_reference", lambda *_, **__: pytest.fail("decoded"))
    fields = {"prompt": "A lake", "references": [upload(b"a picture") for _ in range(11)]}
    assert "at most 10" in refused(program.post(GENERATE, fields), 422, param="references")


def test_a_model_that_takes_none_says_so(program: Client, simulator: Backend):
    VideoModel.objects.update(takes_reference=False, max_references=0)
    frames = {"input_reference": upload(noise()), "last_frame": upload(noise())}
    refused(program.post(GENERATE, {"prompt": "A", **frames}), 422, param="input_reference")
    refused(program.post(GENERATE, {"prompt": "A", "references": upload(noise())}), 422, param="references")
    assert _nothing_came_of_it()
    assert not ReferenceImage.objects.exists()


def test_an_image_of_too_many_bytes_is_named(program: Client, settings):
    settings.MAX_FILE_SIZE = 500
    fields = {"prompt": "A", "references": [upload(noise(size=(200, 200)))]}
    refused(program.post(GENERATE, fields), 413, code="too_large", param="references")


def test_other_images_are_another_request_and_the_same_are_one(program: Client):
    content, other = noise(), noise(size=(80, 60))

    def send(last: bytes, *references: bytes):
        fields = {"prompt": "A", "input_reference": upload(content), "last_frame": upload(last)}
        fields["references"] = [upload(each) for each in references]
        return program.post(GENERATE, fields, headers={"Idempotency-Key": "k"})

    assert send(content, content, other).status_code == 200
    assert send(content, content, other)["Idempotent-Replayed"] == "true"
    for different in ((other, content, other), (content, other, content), (content, content)):
        refused(send(*different), 409, code="idempotency_key_reused", param="Idempotency-Key")
    assert Video.objects.count() == 1


def test_a_request_without_them_has_the_fingerprint_that_it_always_had():
    from videos.api import idempotency
    from videos.api.rest.create import ParsedRequest
    from videos.api.rest.schemas import GenerateIn

    fields = {"prompt": "A", "model": "sora-2", "seconds": 4, "size": "1280x720", "fit": "crop"}
    before = idempotency.compute_fingerprint("generate", {**fields, "characters": []}, {})

    assert ParsedRequest(GenerateIn.model_validate(fields), {}).fingerprint == before


def test_the_catalogue_tells_what_a_model_takes(program: Client, simulator: Backend):
    VideoModel.objects.filter(name="sora-2-pro").update(takes_last_frame=False, max_references=1)
    models = {each["id"]: each for each in program.get("/api/v1/models").json()["data"]}
    assert (models["sora-2"]["last_frame"], models["sora-2"]["max_references"]) == (True, 3)
    assert (models["sora-2-pro"]["last_frame"], models["sora-2-pro"]["max_references"]) == (False, 1)


def test_a_list_reads_the_images_of_all_videos_at_once(
    program: Client, alice: User, django_assert_max_num_queries
):
    for _ in range(5):
        first, last, other = (ReferenceImageFactory(owner=alice) for _ in range(3))
        video = VideoFactory(owner=alice, reference=first, last_frame=last)
        VideoReference.objects.create(video=video, image=other, position=1)
    with django_assert_max_num_queries(14):
        data = program.get("/api/v1/videos").json()["data"]
    assert all(each["reference"] and each["last_frame"] and each["references"] for each in data)
