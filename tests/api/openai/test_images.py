"""A last frame and references beyond the protocol: files of a form, or data URLs."""

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.views.page import picture
from videos.models import Backend, ReferenceImage, Video, VideoModel

pytestmark = pytest.mark.django_db
URL = "/v1/videos"
JSON = "application/json"


def _file(name: str = "a.png", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content, "image/png")


def _linked(content: bytes | None = None) -> dict[str, str]:
    encoded = base64.b64encode(picture() if content is None else content).decode()
    return {"image_url": f"data:image/png;base64,{encoded}"}


@pytest.mark.parametrize("name", ["input_references", "input_references[]"])
def test_a_form_with_files(client: Client, name: str):
    fields = {"prompt": "A lake", "input_reference": _file(), "last_frame": _file(), name: [_file(), _file()]}

    reply = client.post(URL, fields)

    assert reply.status_code == 200, reply.content
    video = Video.objects.get()
    assert len(video.references) == 2
    assert len({video.reference, video.last_frame, *video.references}) == 4
    assert "Ignored-Fields" not in reply


def test_json_with_data_urls(client: Client):
    images = {
        "input_reference": _linked(),
        "last_frame": _linked(),
        "input_references": [_linked(), _linked()],
    }

    reply = client.post(URL, {"prompt": "A lake", **images}, content_type=JSON)

    assert reply.status_code == 200, reply.content
    assert len(Video.objects.get().references) == 2


@pytest.mark.parametrize(
    ("images", "param", "sentence"),
    [
        ({"last_frame": _linked()}, "last_frame", "needs a first frame"),
        ({"last_frame": "a.png"}, "last_frame", "expected a file"),
        ({"last_frame": {"image_url": "https://example.org/a.png"}}, "last_frame", "Remote URLs"),
        ({"input_references": _linked()}, "input_references", "expected files, or a list"),
        ({"input_references": ["a.png"]}, "input_references", "expected files, or a list"),
        ({"input_references": [{"file_id": "x"}]}, "input_references", "File ids"),
        ({"input_references": [_linked(b"no picture")]}, "input_references", "not an image"),
        ({"input_references": [_linked()] * 4}, "input_references", "at most 3 references; you gave 4"),
        ({"input_references": [_linked()] * 11}, "input_references", "at most 10"),
        ({"reference_images": [_linked()]}, "reference_images", "Unknown parameter: 'reference_images'"),
        ({"first_frame": _linked()}, "first_frame", "Unknown parameter: 'first_frame'"),
    ],
)
def test_what_will_not_do_is_a_400_that_names_it(client: Client, hints, images, param: str, sentence: str):
    reply = client.post(URL, {"prompt": "A", **images}, content_type=JSON)

    assert reply.status_code == 400, reply.content
    assert reply.json()["error"]["param"] == param
    assert sentence in reply.json()["error"]["message"]
    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()
    assert hints == []


def test_a_model_that_takes_none(client: Client, simulator: Backend):
    VideoModel.objects.update(takes_last_frame=False, max_references=0)
    for images in ({"last_frame": _file(), "input_reference": _file()}, {"input_references": _file()}):
        reply = client.post(URL, {"prompt": "A", **images})
        assert reply.status_code == 400
        assert reply.json()["error"]["param"] == next(iter(images))
    assert not ReferenceImage.objects.exists()


def test_bodies_with_several_images_are_taken_where_they_are_for_and_nowhere_else(client: Client, settings):
    settings.MAX_FILE_SIZE, settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 30_000, 10_000
    files = [_file(content=picture(size=(90, 90))) for _ in range(3)]
    size = sum(each.size for each in files)
    assert 30_000 * 4 // 3 + 10_000 < size < 3 * 30_000

    taken = client.post(URL, {"prompt": "A", "input_references": files})
    for each in files:
        each.seek(0)
    refused = client.post(f"{URL}/edits", {"prompt": "A", "video": files[0], "input_references": files[1:]})

    assert taken.status_code == 200, taken.content
    assert refused.status_code == 413


def test_other_images_are_another_request(client: Client):
    first, last, other = (_linked() for _ in range(3))

    def send(last: object, *references: object) -> str:
        body = {"prompt": "A", "input_reference": first, "last_frame": last, "input_references": references}
        reply = client.post(URL, body, content_type=JSON, headers={"X-Stainless-Retry-Count": "1"})
        assert reply.status_code == 200, reply.content
        return reply.json()["id"]

    video = send(last, other)
    assert send(last, other) == video
    assert len({video, send(other, other), send(last, last), send(last)}) == 4
