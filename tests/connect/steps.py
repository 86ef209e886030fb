"""What the tests of the Connect page share: a person's steps in the page, and the worker's."""

import re
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.dialects.hosted import Gemini, OpenRouter, Together
from videos.engine.draft_probe import probe_draft
from videos.models import ConnectionDraft

SLUGS = {OpenRouter: "openrouter", Gemini: "google", Together: "together"}  # of their tiles


@dataclass
class Connecting:
    """Somebody at the Connect page. Every response was followed to its page."""

    client: Client

    def start(self, slug: str, url: str, key: str = "", **more: Any) -> Any:
        """Send the form of a service."""
        data = {"base_url": url, "key": key, **more}
        return self.client.post(reverse("videos:connect_service", args=[slug]), data, follow=True)

    def test(self, slug: str, url: str, key: str = "", **more: Any) -> Any:
        """Send the form, let the worker probe, and look at the page."""
        response = self.start(slug, url, key, **more)
        assert response.status_code == 200, words_of(response)
        probe_draft(self.draft.pk)
        return self.client.get(self.page)

    def save(self, *models: str, name: str = "Cloud", more: str = "") -> Any:
        """Save what was tested."""
        return self.client.post(self.page, {"name": name, "models": models, "more": more}, follow=True)

    @property
    def draft(self) -> ConnectionDraft:
        return ConnectionDraft.objects.latest("pk")

    @property
    def page(self) -> str:
        return reverse("videos:connect_test", args=[self.draft.pk])


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words_of(response: Any) -> str:
    """Return what the page says, without its markup."""
    main = response.content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())
