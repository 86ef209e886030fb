"""Backends in the admin: their limits, capabilities and pauses."""

import os
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from videos.backends.drivers.registry import SERVICES
from videos.backends.probe_report import ProbeReport
from videos.checks import validate_base_url
from videos.formatting import format_dollars
from videos.models import IN_FLIGHT, Backend, State, VideoModel
from videos.services.backends import probe_backend
from videos.services.held_videos import MoveResult, move_queued_videos

_CAPABILITIES = (
    "can_list",
    "can_delete",
    "can_remix",
    "can_edit",
    "can_extend",
    "can_characters",
    "honours_idempotency_key",
    "takes_reference",
)
_MARKS = {True: "yes", False: "no", None: "unknown"}


class BackendForm(forms.ModelForm[Backend]):
    models = forms.ModelMultipleChoiceField(
        VideoModel.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="The models it serves. To add a model to this list, go to Video models.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["models"] = self.instance.models.all()

    def clean_base_url(self) -> str:
        """Take the service's own address where none is given."""
        own = SERVICES[self.cleaned_data["service"]].address if "service" in self.cleaned_data else ""
        url: str = (self.cleaned_data["base_url"] or own).rstrip("/")
        validate_base_url(url, name="The base URL")
        return url

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]  # Django's own hook, which the stubs lack
        self.instance.models.set(self.cleaned_data["models"])


@admin.register(Backend)
class BackendAdmin(admin.ModelAdmin[Backend]):
    form = BackendForm
    list_display = (
        "name",
        "status",
        "address",
        "model_names",
        "max_in_flight",
        "running",
        "waiting",
        "key",
        "enabled",
        "position",
    )
    list_editable = ("enabled", "position")
    actions = ("probe", "resume", "move_queued")

    class Media:
        css = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Backend]:
        waiting = Count("videos", filter=Q(videos__state=State.QUEUED))
        running = Count("videos", filter=Q(videos__state__in=IN_FLIGHT - {State.QUEUED}))
        found = super().get_queryset(request).prefetch_related("models")
        return found.annotate(waiting=waiting, running=running)

    def get_fieldsets(self, request: HttpRequest, obj: Backend | None = None) -> Any:
        where = "address" if obj and obj.is_simulator else "base_url"
        return (
            (None, {"fields": ("name", "service", where, "key_env", "key", "enabled", "position", "models")}),
            ("Limits", {"fields": ("timeout", "max_in_flight", "requests_per_minute")}),
            (
                "Capabilities",
                {
                    "fields": (*_CAPABILITIES, "sends_json", "probed_at"),
                    "description": "“Unknown” means not detected yet. The “Probe” action in the list detects "
                    "what the backend supports, without starting a job.",
                },
            ),
            ("State", {"fields": ("status", "created_at")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Backend | None = None) -> list[str]:
        return ["address", "key", "probed_at", "status", "created_at"]

    def save_model(self, request: HttpRequest, obj: Backend, form: Any, change: bool) -> None:
        # Only the edited fields: saving must not undo a pause that began after the page was opened.
        if change:
            obj.save(update_fields=[name for name in form.changed_data if name != "models"])
        else:
            obj.save()

    @admin.display(description="in flight")
    def running(self, backend: Any) -> int:
        count: int = backend.running
        return count

    @admin.display(description="waiting")
    def waiting(self, backend: Any) -> int:
        count: int = backend.waiting
        return count

    @admin.display(description="key")
    def key(self, backend: Backend) -> str:
        """Return whether a key is set. Its value is shown nowhere."""
        if backend.pk is None:
            return "-"
        if not backend.key_env:
            return "not needed"
        return f"{backend.key_env} is {'set' if os.environ.get(backend.key_env) else 'not set'}"

    @admin.display(description="models")
    def model_names(self, backend: Backend) -> str:
        return ", ".join(model.name for model in backend.models.all()) or "none"

    @admin.display(description="state")
    def status(self, backend: Backend) -> SafeString:
        if backend.pk is None:
            return format_html("{}", "-")
        if not backend.enabled:
            return format_html('<span class="admin-state admin-state-canceled">{}</span>', "Disabled")
        if not _is_paused(backend):
            takes_jobs = backend in Backend.objects.in_use()
            kind, words = ("completed", "Accepting jobs") if takes_jobs else ("canceled", "On standby")
            return format_html('<span class="admin-state admin-state-{}">{}</span>', kind, words)
        until = timezone.localtime(backend.paused_until).strftime("%Y-%m-%d %H:%M:%S")
        words = f"Paused until {until}: {backend.pause_reason}"
        return format_html('<span class="admin-state admin-state-paused">{}</span>', words)

    @admin.action(permissions=["change"], description="Probe: detect capabilities without starting a job")
    def probe(self, request: HttpRequest, queryset: QuerySet[Backend]) -> None:
        for backend in queryset:
            report = probe_backend(backend)
            level = messages.ERROR if report.problem else messages.SUCCESS
            self.message_user(request, _format_report(backend, report), level)

    @admin.action(permissions=["change"], description="Resume now")
    def resume(self, request: HttpRequest, queryset: QuerySet[Backend]) -> None:
        paused = [backend for backend in queryset if _is_paused(backend)]
        ids = [backend.pk for backend in paused]
        Backend.objects.filter(pk__in=ids).update(paused_until=None, pause_reason="", pause_count=0)
        if paused:
            LogEntry.objects.log_actions(
                cast(int, request.user.pk), paused, CHANGE, change_message="Resumed."
            )
        parts = [f"{len(paused)} resumed"] if paused else []
        others = queryset.count() - len(paused)
        parts += [f"{others} not paused"] if others else []
        level = messages.SUCCESS if paused else messages.WARNING
        self.message_user(request, "; ".join(parts) + ".", level)

    @admin.action(permissions=["change"], description="Move queued videos to another backend")
    def move_queued(self, request: HttpRequest, queryset: QuerySet[Backend]) -> None:
        for backend in queryset:
            result = move_queued_videos(backend)
            if result.moved:
                LogEntry.objects.log_actions(
                    cast(int, request.user.pk), [backend], CHANGE, change_message=_format_move(result)
                )
            level = messages.WARNING if result.left or not result.moved else messages.SUCCESS
            self.message_user(request, f"{backend.name}: {_format_move(result)}", level)


def _is_paused(backend: Backend) -> bool:
    return backend.paused_until is not None and backend.paused_until > timezone.now()


def _format_move(result: MoveResult) -> str:
    """Return what was moved where, at which price, and what was left and why, in sentences."""
    if not result.moved and not result.left:
        return "No videos are queued."
    price = f" for {format_dollars(result.price)} by the catalogue" if result.price else ""
    moved = ", ".join(f"{count} moved to {name}" for name, count in result.moved.items())
    left = [f"{count} left. {reason}" for reason, count in result.left.items()]
    return " ".join([f"{moved or 'None moved'}{price}.", *left])


def _format_report(backend: Backend, report: ProbeReport) -> SafeString:
    if report.problem:
        return format_html("{}: {}", backend.name, report.problem)
    rows = [(check.name, _MARKS[check.works], check.found, check.advice) for check in report.checks]
    # A list would inherit the style of the admin's own list of messages, with its ticks.
    return format_html("{}{}", backend.name, format_html_join("", "<br><strong>{}: {}.</strong> {} {}", rows))
