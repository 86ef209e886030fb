"""The catalogue in the admin: models, and prompt templates."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from audit.admin_log import AuditedAdmin
from audit.vocabulary import Kind
from contentgen.admin_search import FoldedSearch, SmallTableSearch
from videos.formatting import format_duration
from videos.forms.models import VideoModelForm
from videos.forms.templates import SharedTemplateForm
from videos.models import Backend, PromptTemplate, VideoModel
from videos.models.video_model import ANY_SIZE


@admin.register(PromptTemplate)
class PromptTemplateAdmin(AuditedAdmin[PromptTemplate], FoldedSearch[PromptTemplate]):
    audit_kind = Kind.TEMPLATE
    form = SharedTemplateForm
    list_display = (
        "title",
        "category",
        "owner",
        "short_prompt",
        "model",
        "seconds",
        "size",
        "enabled",
        "position",
    )
    list_editable = ("enabled", "position")
    list_filter = ("enabled", "category", ("owner", admin.EmptyFieldListFilter))
    list_select_related = ("owner",)
    search_fields = ("search_text", "owner__username")
    search_help_text = "Title, prompt, category, owner"

    @admin.display(description="prompt")
    def short_prompt(self, template: PromptTemplate) -> str:
        return Truncator(template.prompt).chars(80)


@admin.register(VideoModel)
class VideoModelAdmin(AuditedAdmin[VideoModel], SmallTableSearch[VideoModel]):
    audit_kind = Kind.MODEL
    form = VideoModelForm
    list_display = (
        "label",
        "name",
        "offered_sizes",
        "offered_seconds",
        "prices",
        "time_limit",
        "served_by",
        "studio_favourite",
        "enabled",
        "position",
    )
    list_editable = ("studio_favourite", "enabled", "position")
    list_filter = ("enabled", "studio_favourite", "backends")
    search_fields = ("name", "label")
    filter_horizontal = ("backends",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[VideoModel]:
        return super().get_queryset(request).prefetch_related("backends")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Preselect the backends in use, which most likely serve a new model."""
        return {"backends": Backend.objects.in_use(), **super().get_changeform_initial_data(request)}

    @admin.display(description="backends")
    def served_by(self, model: VideoModel) -> str:
        return ", ".join(backend.name for backend in model.backends.all()) or "None (not offered)"

    @admin.display(description="time limit")
    def time_limit(self, model: VideoModel) -> str:
        return format_duration(model.generation_timeout) if model.generation_timeout else "-"

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
