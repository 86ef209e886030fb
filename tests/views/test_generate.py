import pytest
from django.test import Client
from django.urls import reverse

from tests.views.page import GOOD, HTMX, bomb, picture, upload
from videos.models import Backend, Character, ReferenceImage, State, Video, VideoModel

pytestmark = pytest.mark.django_db
URL = reverse("videos:studio")


def test_it_creates_a_queued_video_and_goes_back_to_the_studio(
    as_alice, alice, hints, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = as_alice.post(URL, GOOD)
    assert response.status_code == 302
    video = Video.objects.get()
    assert response.url == f"{URL}?like={video.public_id}&takes=1"
    assert (video.owner, video.state) == (alice, State.QUEUED)
    assert (video.prompt, video.model, video.seconds, video.size) == (
        GOOD["prompt"],
        "sora-2",
        4,
        "1280x720",
    )
    assert video.reference is None
    assert hints == [("submit", video.backend_id)]


def test_it_gives_htmx_the_form_as_it_was_sent_and_the_new_card(as_alice):
    response = as_alice.post(URL, {**GOOD, "seconds": "8"}, headers=HTMX)
    page = response.content.decode()
    video = Video.objects.get()
    assert response.status_code == 200
    assert "<html" not in page
    assert f'id="card-{video.public_id}"' in page
    assert 'hx-swap-oob="beforebegin:#waiting-more"' in page
    assert 'name="seconds" id="seconds-8" value="8" checked' in page
    textarea = page.partition("<textarea")[2].partition("</textarea>")[0]
    assert GOOD["prompt"] in textarea
    assert "data-generated" in page


def test_an_uploaded_image_stays_chosen_and_is_not_uploaded_again(as_alice):
    data = {**GOOD, "input_reference": upload(picture())}
    page = as_alice.post(URL, data, headers=HTMX).content.decode()

    image = ReferenceImage.objects.get()
    assert f'name="reference" value="{image.public_id}" data-name="boat" autocomplete="off" checked' in page
    assert "hx-preserve" not in page


def test_a_template_stays_with_what_was_typed_into_it(as_alice):
    data = {**GOOD, "prompt": "", "pattern": "A {animal} by a lake", "variable-animal": "heron"}
    page = as_alice.post(URL, data, headers=HTMX).content.decode()

    assert Video.objects.get().prompt == "A heron by a lake"
    assert 'value="A {animal} by a lake"' in page
    assert 'value="heron"' in page


def test_without_a_script_the_next_page_has_the_form_as_it_was_sent(as_alice):
    sent = {**GOOD, "takes": "2", "input_reference": upload(picture())}
    page = as_alice.post(URL, sent, follow=True).content.decode()

    assert f"{GOOD['prompt']}</textarea>" in page
    assert 'name="takes" value="2" checked' in page
    assert f'value="{ReferenceImage.objects.get().public_id}"' in page


def test_clearing_keeps_the_settings_and_nothing_else(as_alice):
    as_alice.post(URL, {**GOOD, "input_reference": upload(picture())})
    image = ReferenceImage.objects.get()
    chosen = {"clear": "", "model": "sora-2", "seconds": "8", "size": "1280x720", "takes": "3"}
    page = as_alice.get(URL, chosen, headers=HTMX).content.decode()

    assert "data-fresh" in page
    assert 'name="seconds" id="seconds-8" value="8" checked' in page
    assert 'name="takes" value="3" checked' in page
    assert image.public_id not in page
    assert "hx-preserve" not in page


@pytest.mark.parametrize(("sent", "kept"), [({}, "crop"), ({"fit": "crop"}, "crop"), ({"fit": "pad"}, "pad")])
def test_it_keeps_the_reference_image_and_how_it_is_fitted(as_alice, alice, sent, kept):
    as_alice.post(URL, {**GOOD, **sent, "input_reference": upload(picture("WEBP"))})
    assert Video.objects.get().reference_fit == kept
    image = Video.objects.get().reference
    assert image is not None
    assert (image.owner, image.width, image.height) == (alice, 64, 48)
    assert image.file.size > 0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("prompt", "", "Write a prompt"),
        ("prompt", " \n ", "Write a prompt"),
        ("prompt", "x" * 32_001, "at most 32,000 characters"),
        ("prompt", "nul\x00byte", "Null characters are not allowed"),
        ("model", "sora-9", "There is no model “sora-9”"),
        ("model", "", "There is no model"),
        ("model", "so\x00ra", "Null characters are not allowed"),
        ("size", "640x480", "supports these sizes: 1280x720"),
        ("size", "", "supports these sizes: 1280x720"),
        ("seconds", "5", "supports these durations: 4, 8, 12 seconds"),
        ("seconds", "soon", "Enter a whole number"),
        ("seconds", "9" * 40, "supports these durations: 4, 8, 12 seconds"),
        ("takes", "0", "Choose 1 to 4 takes."),
        ("takes", "5", "Choose 1 to 4 takes."),
        ("takes", "9" * 40, "Choose 1 to 4 takes."),
        ("takes", "x", "Enter a whole number"),
        ("takes", "2\x00", "Enter a whole number"),
        ("fit", "stretch", "Choose Crop or Pad."),
        ("fit", "p\x00d", "Choose Crop or Pad."),
        ("characters", "char_nobody", "character no longer exists"),
        ("characters", ["c\x00", "x"], "character no longer exists"),
        ("input_reference", lambda: upload(b"just some text"), "not an image"),
        ("input_reference", lambda: upload(picture("JPEG", (640, 480))[:4000]), "damaged or incomplete"),
        ("input_reference", lambda: upload(bomb()), "20000 x 20000 pixels"),
        ("input_reference", lambda: upload(picture("GIF")), "GIF is not supported"),
        ("input_reference", lambda: upload(b"\x00" * (10 * 1024 * 1024 + 1)), "larger than 10 MB"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_it_says_at_the_field_what_is_wrong(as_alice, hints, field, value, message, headers):
    value = value() if callable(value) else value
    typed = "A paper boat" if field != "prompt" else value
    data = {**GOOD, "prompt": typed, "seconds": "8", field: value}
    response = as_alice.post(URL, data, headers=headers)
    page = response.content.decode()
    assert response.status_code == 422
    name = {"input_reference": "reference"}.get(field, field)
    error = page.partition(f'id="{name}-error"')[2].partition("</p>")[0]
    assert message in error
    assert page.count('class="field-error"') == 1
    if field != "prompt":
        assert "A paper boat</textarea>" in page
    if field != "seconds":
        assert 'name="seconds" id="seconds-8" value="8" checked' in page
    assert ("<html" in page) is not bool(headers)
    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()
    assert hints == []


def test_it_counts_a_line_break_as_one_character(as_alice):
    prompt = "x" * 31_999 + "\r\n" + "y"
    assert as_alice.post(URL, {**GOOD, "prompt": prompt}).status_code == 422
    assert as_alice.post(URL, {**GOOD, "prompt": prompt[1:]}).status_code == 302
    assert "\r" not in Video.objects.get().prompt


def test_it_does_not_take_a_model_that_was_switched_off(as_alice):
    VideoModel.objects.filter(name="sora-2-pro").update(enabled=False)
    response = as_alice.post(URL, {**GOOD, "model": "sora-2-pro"})
    assert response.status_code == 422
    assert not Video.objects.exists()


def _characters(owner, *names: str) -> list[Character]:
    backend = Backend.objects.for_environment()
    return [
        Character.objects.create(owner=owner, name=name, backend=backend, backend_character_id=f"c{name}")
        for name in names
    ]


def test_it_has_the_characters_that_were_chosen(as_alice, alice):
    ada, bea, _ = _characters(alice, "Ada", "Bea", "Cleo")
    response = as_alice.post(URL, {**GOOD, "characters": [bea.public_id, ada.public_id]}, headers=HTMX)
    assert response.status_code == 200
    assert set(Video.objects.get().characters.all()) == {ada, bea}
    page = response.content.decode()
    assert page.count('type="checkbox" name="characters"') == 3
    assert f'value="{ada.public_id}" data-backend="{ada.backend_id}" checked' in page


def test_it_has_two_characters_at_most(as_alice, alice):
    cast = _characters(alice, "Ada", "Bea", "Cleo")
    response = as_alice.post(URL, {**GOOD, "characters": [each.public_id for each in cast]})
    assert response.status_code == 422
    page = response.content.decode()
    assert "at most 2 characters" in page.partition('id="characters-error"')[2].partition("</p>")[0]
    assert page.count(" checked") == 3 + 6 + 1, "what was chosen stays chosen"
    assert not Video.objects.exists()


def test_it_does_not_take_another_persons_character(as_alice, bob):
    (theirs,) = _characters(bob, "Theirs")
    response = as_alice.post(URL, {**GOOD, "characters": theirs.public_id})
    assert response.status_code == 422
    assert "character no longer exists" in response.content.decode()
    assert "Theirs" not in response.content.decode()
    assert not Video.objects.exists()


def test_it_needs_the_csrf_token(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post(URL, GOOD)
    assert response.status_code == 403
    assert "session expired" in response.content.decode()
    assert not Video.objects.exists()


def test_it_sends_strangers_to_the_sign_in_page(client):
    response = client.post(URL, GOOD)
    assert response.status_code == 302
    assert response.url == reverse("account_login") + "?next=/"
    assert not Video.objects.exists()


def test_it_knows_no_other_method(as_alice):
    assert as_alice.put(URL).status_code == 405
    assert as_alice.delete(URL).status_code == 405
