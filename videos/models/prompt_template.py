"""Ready-made prompts that fill the form."""

from django.db import models


class PromptTemplate(models.Model):
    title = models.CharField(max_length=80)
    prompt = models.TextField(max_length=32_000)
    model = models.CharField(max_length=100, blank=True, help_text="Empty: keep what is chosen.")
    seconds = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: keep what is chosen.")
    size = models.CharField(max_length=20, blank=True, help_text="Empty: keep what is chosen.")
    enabled = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title
