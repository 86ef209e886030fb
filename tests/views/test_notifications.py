"""Short notes: an event for HTMX, a message for everybody else."""

import json

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.urls import reverse

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import State, Video
from videos.views.undo import UNDO

pytestmark = pytest.mark.django_db


def test_htmx_is_told_with_the_card_that_it_was_too_late(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    response = as_alice.post(reverse("videos:cancel", args=[video.public_id]), headers=HTMX)
    toast = json.loads(response["HX-Trigger"])["toast"]
    assert "status has changed" in toast["text"]
    assert f'id="card-{video.public_id}"' in response.content.decode()
    assert Video.objects.get().state == State.COMPLETED


def test_without_scripts_it_is_a_message_on_the_next_page(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    response = as_alice.post(reverse("videos:cancel", args=[video.public_id]), follow=True)
    page = response.content.decode()
    assert "status has changed" in page
    assert "Undo" not in page[page.index('class="messages"') : page.index("status has changed") + 200]


def test_nothing_is_said_when_it_was_done(as_alice, alice):
    video = VideoFactory(owner=alice)
    response = as_alice.post(reverse("videos:cancel", args=[video.public_id]), headers=HTMX)
    assert not response.has_header("HX-Trigger")


def test_a_message_that_can_be_undone_has_a_form(rf):
    gone = Message(constants.INFO, "It is in the trash.", extra_tags=UNDO)
    request = rf.get("/")
    request.session = {"undo_batch": "<1>"}
    page = render_to_string("_messages.html", {"messages": [gone]}, request)
    assert f'method="post" action="{reverse("videos:undo")}"' in page
    assert 'name="batch" value="&lt;1&gt;"' in page
    assert "csrfmiddlewaretoken" in page
