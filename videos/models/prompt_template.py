"""Ready-made prompts that fill the form."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from videos.prompts.syntax import Template, parse_template

if TYPE_CHECKING:
    from accounts.models import User

CATEGORY_LIMIT = 40  # characters


class PromptTemplateQuerySet(models.QuerySet["PromptTemplate"]):
    def visible_to(self, user: "User") -> "PromptTemplateQuerySet":
        """Those that `user` may start from: the shared ones and one's own, without those switched off."""
        return self.filter(models.Q(owner=None) | models.Q(owner=user), enabled=True)


class PromptTemplate(models.Model):
    """A prompt to start from: shared by staff with everybody, or somebody's own.

    `{name}` in the prompt is a variable that becomes a field of the form, and `{name|one,two}` one with
    choices (`videos.prompts.syntax`).
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="prompt_templates",
        help_text="Empty: shared with everybody.",
    )
    title = models.CharField(max_length=80)
    category = models.CharField(max_length=CATEGORY_LIMIT, blank=True)
    prompt = models.TextField(max_length=32_000)
    picture = models.CharField(
        max_length=100, blank=True, help_text="Name of a poster among the studio's own, such as city-at-dawn."
    )
    model = models.CharField(max_length=100, blank=True, help_text="Empty: keep what is chosen.")
    seconds = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: keep what is chosen.")
    size = models.CharField(max_length=20, blank=True, help_text="Empty: keep what is chosen.")
    enabled = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)

    objects = PromptTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def parsed(self) -> Template:
        """The prompt, cut at its blanks."""
        return parse_template(self.prompt)
