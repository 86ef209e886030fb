"""Models in the admin: what people may ask of each, and what that costs."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin_log import AuditedAdmin
from audit.vocabulary import Kind
from contentgen.admin_search import SmallTableSearch
from videos.admin.backend_page import price_changes
from videos.admin.list_fields import EditableList
from videos.admin.model_preview import preview_of
from videos.formatting import format_duration
from videos.forms.models import ABILITIES, VideoModelForm
from videos.models import Backend, VideoModel
from videos.models.video_model import ANY_SIZE

_ASKED = (
    *("name", "label", "description", "backends", "enabled", "position", "studio_favourite"),
    *("generation_timeout", "max_references", "lengths", "other_price", "take", "shown"),
    *(f"set_{name}" for name in ABILITIES),
)
_SHOWN = (
    *("name", "label", "description", "served_by", "enabled", "position", "studio_favourite"),
    *("time_limit", "offered_sizes", "offered_seconds", "prices", "parameter_names", "max_references"),
    *ABILITIES,
)


@admin.register(VideoModel)
class VideoModelAdmin(EditableList, AuditedAdmin[VideoModel], SmallTableSearch[VideoModel]):
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

    class Media:
        css = {"all": ("css/admin.css", "css/admin-backends.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[VideoModel]:
        return super().get_queryset(request).prefetch_related("backends")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Preselect the backends in use, which most likely serve a new model."""
        return {"backends": Backend.objects.in_use(), **super().get_changeform_initial_data(request)}

    def get_fieldsets(self, request: HttpRequest, obj: VideoModel | None = None) -> Any:
        return ((None, {"fields": _ASKED if self._may_write(request, obj) else _SHOWN}),)

    def _may_write(self, request: HttpRequest, model: VideoModel | None) -> bool:
        is_new = model is None or model.pk is None
        return self.has_add_permission(request) if is_new else self.has_change_permission(request, model)

    def get_readonly_fields(self, request: HttpRequest, obj: VideoModel | None = None) -> list[str]:
        return [name for name in _SHOWN if hasattr(type(self), name)]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        if isinstance(form, VideoModelForm) and self._may_write(request, form.instance):
            model = form.instance
            context["preview"] = preview_of(model, form.serving)
            context["price_changes"] = price_changes([model]) if model.pk else []
        return super().render_change_form(request, context, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the models alone: the rows that say which backends serve them mean nothing to anybody."""
        _, counts, permissions, protected = super().get_deleted_objects(objs, request)
        own = str(self.opts.verbose_name_plural)
        counts = {name: number for name, number in counts.items() if name == own}
        return [str(each) for each in objs], counts, permissions, protected

    def save_model(self, request: HttpRequest, obj: VideoModel, form: Any, change: bool) -> None:
        if change and isinstance(form, VideoModelForm):
            obj.save(update_fields=form.changed_columns)
            self.audit_saved(obj, form, change=True)
        else:
            super().save_model(request, obj, form, change)

    def audit_changes(self, form: Any, row: VideoModel) -> dict[str, tuple[Any, Any]]:
        changes = super().audit_changes(form, row)
        if not isinstance(form, VideoModelForm):
            return changes
        asked = {name for name in changes if name not in form.before and name in form.Meta.fields}
        return {**{name: changes[name] for name in changes if name in asked}, **form.changes}

    @admin.display(description=_("backends"))
    def served_by(self, model: VideoModel) -> str:
        return ", ".join(backend.name for backend in model.backends.all()) or gettext("None (not offered)")

    @admin.display(description=_("time limit"))
    def time_limit(self, model: VideoModel) -> str:
        return format_duration(model.generation_timeout) if model.generation_timeout else "-"

    @admin.display(description=_("price per second"))
    def prices(self, model: VideoModel) -> str:
        others = gettext("other sizes")
        by_rate: dict[str, list[str]] = {}
        for size, rate in model.price_per_second.items():
            by_rate.setdefault(rate, []).append(others if size == ANY_SIZE else size)
        if list(by_rate.values()) == [[others]]:
            return f"${next(iter(by_rate))}"
        return "; ".join(f"${rate}: {', '.join(sizes)}" for rate, sizes in by_rate.items()) or "-"

    @admin.display(description=_("sizes"))
    def offered_sizes(self, model: VideoModel) -> str:
        return ", ".join(map(str, model.sizes))

    @admin.display(description=_("seconds"))
    def offered_seconds(self, model: VideoModel) -> str:
        return ", ".join(map(str, model.seconds))

    @admin.display(description=_("parameters"))
    def parameter_names(self, model: VideoModel) -> str:
        if model.parameters is None:
            return gettext("What is known of its backend's kind of service")
        return ", ".join(str(entry.get("name")) for entry in model.parameters) or gettext("None")
