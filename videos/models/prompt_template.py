"""Prompts to start from."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from videos.models.search_text import SearchTextField, contains_words
from videos.prompts.syntax import Template, parse_template

if TYPE_CHECKING:
    from accounts.models import User

CATEGORY_LIMIT = 40  # characters


class PromptTemplateQuerySet(models.QuerySet["PromptTemplate"]):
    def visible_to(self, user: "User") -> "PromptTemplateQuerySet":
        """The enabled templates that `user` may use: the shared ones and the user's own."""
        return self.filter(models.Q(owner=None) | models.Q(owner=user), enabled=True)

    def search(self, query: str) -> "PromptTemplateQuerySet":
        """The templates whose title, category and prompt contain every word of the query."""
        return self.filter(contains_words(query))


class PromptTemplate(models.Model):
    """A prompt to start from: shared with everyone by staff, or one person's own.

    `{name}` in the prompt is a variable that becomes a field of the form, and `{name|one,two}` one with
    choices (`videos.prompts.syntax`).
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="prompt_templates",
        help_text=_("Empty: shared with everyone."),
    )
    title = models.CharField(max_length=80)
    category = models.CharField(max_length=CATEGORY_LIMIT, blank=True)
    prompt = models.TextField(max_length=32_000)
    search_text = SearchTextField("title", "category", "prompt")
    picture = models.CharField(
        max_length=100,
        blank=True,
        help_text=_("Name of one of the studio's own posters, such as city-at-dawn."),
    )
    model = models.CharField(max_length=100, blank=True, help_text=_("Empty: use the current setting."))
    seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Empty: use the current setting.")
    )
    size = models.CharField(max_length=20, blank=True, help_text=_("Empty: use the current setting."))
    parameters = models.JSONField(
        default=dict,
        blank=True,
        help_text=_("Values of parameters, by name. Empty: use the current settings."),
    )
    enabled = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)

    objects = PromptTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def parsed(self) -> Template:
        """The prompt, split at its variables."""
        return parse_template(self.prompt)
