"""What people may choose from: models, and prompts that fill the form."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from videos.models import Backend, PromptTemplate, VideoModel
from videos.models.video_model import ANY_SIZE

_KEEP = "keep what is chosen"


class PromptTemplateForm(forms.ModelForm[PromptTemplate]):
    """A template may only set what the catalogue offers, or leave it open."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(VideoModel.objects.values_list("name", "label"))
        # A model that has left the catalogue stays in the list, or the page would change it silently.
        if self.instance.model and self.instance.model not in dict(names):
            names.append((self.instance.model, f"{self.instance.model} (no longer in the catalogue)"))
        self.fields["model"] = forms.ChoiceField(
            choices=[("", _KEEP), *names], required=False, help_text=self.fields["model"].help_text
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        offering = list(VideoModel.objects.all())
        if cleaned.get("model"):
            offering = [model for model in offering if model.name == cleaned["model"]]
            if not offering:
                raise ValidationError({"model": "This model is not in the catalogue. Choose another."})
        seconds, size = cleaned.get("seconds"), cleaned.get("size")
        which = offering[0].label if cleaned.get("model") else "any model"
        if seconds and not any(seconds in model.seconds for model in offering):
            self.add_error("seconds", f"Not a length of {which}. There is: {_all(offering, 'seconds')}.")
        if size and not any(size in model.sizes for model in offering):
            self.add_error("size", f"Not a size of {which}. There is: {_all(offering, 'sizes')}.")
        return cleaned


def _all(models: list[VideoModel], what: str) -> str:
    return ", ".join(dict.fromkeys(str(value) for model in models for value in getattr(model, what)))


@admin.register(PromptTemplate)
class PromptTemplateAdmin(admin.ModelAdmin[PromptTemplate]):
    form = PromptTemplateForm
    list_display = ("title", "short_prompt", "model", "seconds", "size", "enabled", "position")
    list_editable = ("enabled", "position")
    list_filter = ("enabled",)
    search_fields = ("title", "prompt")

    @admin.display(description="prompt")
    def short_prompt(self, template: PromptTemplate) -> str:
        return Truncator(template.prompt).chars(80)


@admin.register(VideoModel)
class VideoModelAdmin(admin.ModelAdmin[VideoModel]):
    list_display = (
        "label",
        "name",
        "offered_sizes",
        "offered_seconds",
        "prices",
        "served_by",
        "enabled",
        "position",
    )
    list_editable = ("enabled", "position")
    search_fields = ("name", "label")
    filter_horizontal = ("backends",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[VideoModel]:
        return super().get_queryset(request).prefetch_related("backends")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new model is most likely for the backends that are in use."""
        return {"backends": Backend.objects.in_use(), **super().get_changeform_initial_data(request)}

    @admin.display(description="backends")
    def served_by(self, model: VideoModel) -> str:
        return ", ".join(backend.name for backend in model.backends.all()) or "none: not offered"

    @admin.display(description="price per second")
    def prices(self, model: VideoModel) -> str:
        by_rate: dict[str, list[str]] = {}
        for size, rate in model.price_per_second.items():
            by_rate.setdefault(rate, []).append("other sizes" if size == ANY_SIZE else size)
        if list(by_rate.values()) == [["other sizes"]]:
            return f"${next(iter(by_rate))}"
        return "; ".join(f"${rate}: {', '.join(sizes)}" for rate, sizes in by_rate.items()) or "-"

    @admin.display(description="sizes")
    def offered_sizes(self, model: VideoModel) -> str:
        return ", ".join(map(str, model.sizes))

    @admin.display(description="seconds")
    def offered_seconds(self, model: VideoModel) -> str:
        return ", ".join(map(str, model.seconds))
