"""Backends in the admin: their limits, capabilities and pauses."""

import logging
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin_log import AuditedAdmin, form_changes
from audit.trail import record_all
from audit.vocabulary import Action, Kind
from billing.money import format_money
from videos import subjects
from videos.admin.model_updates import update_models
from videos.backends.concurrency import suggest_max_in_flight
from videos.backends.probe_report import ProbeReport
from videos.backends.service_kinds import SERVICES
from videos.checks import LEADS_BACK, validate_base_url, validate_key_name
from videos.engine import dispatch, read_pauses
from videos.formatting import format_duration
from videos.models import IN_FLIGHT, Backend, State, VideoModel
from videos.models.backend import DEFAULT_MAX_IN_FLIGHT
from videos.services.backend_status import describe_key
from videos.services.backends import confirm_key, leads_back, probe_backend
from videos.services.connections import validate_key
from videos.services.held_videos import MoveResult, move_queued_videos
from videos.services.videos import MAX_LISTED_MODELS

logger = logging.getLogger(__name__)

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
# They say where a key goes, and what the studio may be made to read.
_SUPERUSER_FIELDS = ("service", "base_url", "key_env", "webhook_secret_env", "in_private_network")
_KEY_FIELDS = ("key_env", "stored_key", "key_stored_at")
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
        else:
            self.initial["max_in_flight"] = None
        if (variable := self.fields.get("key_env")) and self.instance.stored_key:
            variable.help_text = "Empty: the stored key is sent."
        # Not there for somebody who may only look.
        if slots := self.fields.get("max_in_flight"):
            slots.required = False
            slots.help_text += (
                f" Empty: 1 for a server on your own network, {DEFAULT_MAX_IN_FLIGHT} for any other."
            )

    def clean_base_url(self) -> str:
        """Take the service's own address where none is given."""
        own = SERVICES[self.cleaned_data["service"]].address if "service" in self.cleaned_data else ""
        url: str = (self.cleaned_data["base_url"] or own).rstrip("/")
        validate_base_url(url, name="The base URL")
        if url not in (self.instance.base_url, own) and leads_back(url):
            raise forms.ValidationError(f"The base URL leads back to this studio. {LEADS_BACK}")
        return url

    def clean_max_in_flight(self) -> int:
        given: int | None = self.cleaned_data["max_in_flight"]
        if given is not None:
            return given
        return suggest_max_in_flight(self.cleaned_data.get("base_url", "")) or DEFAULT_MAX_IN_FLIGHT

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]  # Django's own hook, which the stubs lack
        self.instance.models.set(self.cleaned_data["models"])

    def clean_webhook_secret_env(self) -> str:
        name: str = self.cleaned_data["webhook_secret_env"]
        validate_key_name(name)
        return name

    def clean_key_env(self) -> str:
        name: str = self.cleaned_data["key_env"]
        validate_key_name(name)
        return name


class SuperuserBackendForm(BackendForm):
    """The form with what only superusers may decide: where a key goes."""

    confirm_key = forms.BooleanField(
        required=False,
        help_text="Send the key to this address. Without it, nothing is sent to a changed address until a "
        "superuser confirms the key.",
    )
    new_key = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text="Paste a key to have it stored encrypted, in place of the one there is. It is not shown "
        "again.",
    )
    delete_key = forms.BooleanField(required=False, label="Delete the stored key")

    def clean_new_key(self) -> str:
        key: str = self.cleaned_data["new_key"].strip()
        validate_key(key)
        return key

    def clean(self) -> dict[str, Any]:
        """Refuse two keys at once: nobody could tell which of them is meant."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("new_key") and data.get("delete_key"):
            self.add_error("delete_key", "A new key takes the place of the stored one by itself.")
        keeps_stored = self.instance.stored_key and not data.get("delete_key")
        if data.get("key_env") and "key_env" in self.changed_data and (data.get("new_key") or keeps_stored):
            self.add_error("key_env", "Take the key from a variable or store it, not both.")
        return data

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which the stubs lack
        if not self.errors and (self.cleaned_data["new_key"] or self.cleaned_data["delete_key"]):
            self.instance.store_key(self.cleaned_data["new_key"])


@admin.register(Backend)
class BackendAdmin(AuditedAdmin[Backend]):
    audit_kind = Kind.BACKEND
    form = BackendForm
    list_display = (
        "name",
        "status",
        "address",
        "model_names",
        "max_in_flight",
        "time_limit",
        "running",
        "waiting",
        "key",
        "enabled",
        "position",
    )
    list_editable = ("enabled", "position")
    actions = ("probe", "confirm_key", "resume", "move_queued")

    class Media:
        css = {"all": ("css/admin.css",)}

    def get_urls(self) -> list[URLPattern]:
        def update(request: HttpRequest, object_id: str) -> HttpResponse:
            return update_models(self, request, object_id)

        view = self.admin_site.admin_view(update)
        return [path("<path:object_id>/models/", view, name="videos_backend_models"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Backend]:
        waiting = Count("videos", filter=Q(videos__state=State.QUEUED))
        in_flight = Q(videos__state__in=IN_FLIGHT - {State.QUEUED})
        still_running = Q(
            videos__state__in=[State.FAILED, State.CANCELED],
            videos__due_at__isnull=False,
            videos__generated_at=None,
        )
        running = Count("videos", filter=in_flight | still_running)
        storing = Count("videos", filter=Q(videos__state=State.STORING))
        found = super().get_queryset(request).prefetch_related("models")
        return found.annotate(waiting=waiting, running=running, storing=storing)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this person may say what address the studio talks to: superusers alone."""
        return bool(request.user.is_superuser)

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def get_form(
        self, request: HttpRequest, obj: Backend | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = SuperuserBackendForm if request.user.is_superuser else BackendForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Backend | None = None) -> Any:
        where = ["base_url", "key_env", "key", "in_private_network"]
        if obj and obj.is_simulator:
            where = ["address"]
        elif request.user.is_superuser:
            own = ["new_key", "delete_key"] if obj and obj.stored_key else ["new_key"]
            where[3:3] = [*own, "confirm_key"] if obj else own
        # Who may only look gets the names: a reverse relation cannot be drawn as a field to read.
        models = "models" if self.has_change_permission(request, obj) else "model_names"
        return (
            (None, {"fields": ("name", "service", *where, "enabled", "position", "stands_in", models)}),
            ("Webhooks", {"fields": ("webhook_address", "webhook_secret_env", "webhook_secret")}),
            ("Limits", {"fields": ("timeout", "generation_timeout", "max_in_flight", "requests_per_minute")}),
            ("Cost", {"fields": ("costs_nothing", "charges_failures")}),
            (
                "Its own copies",
                {
                    "fields": ("job_retention", "job_retention_days"),
                    "description": "Once a video's file is stored here and has been read back, its job can "
                    "be deleted at the backend, where that deletes jobs. Jobs that somebody chose for a lost "
                    "reply stay, because they may be another's.",
                },
            ),
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
        fixed = ["address", "key", "model_names", "probed_at", "status", "created_at"]
        fixed += ["webhook_address", "webhook_secret"]
        return fixed if request.user.is_superuser else [*fixed, *_SUPERUSER_FIELDS]

    def save_model(self, request: HttpRequest, obj: Backend, form: Any, change: bool) -> None:
        fields = {field.name for field in Backend._meta.get_fields()} - {"models"}
        changed = [name for name in form.changed_data if name in fields]
        has_new_key = "new_key" in form.changed_data
        if has_new_key or "delete_key" in form.changed_data:
            changed += [name for name in _KEY_FIELDS if name not in changed]
        if change and "base_url" in changed and "in_private_network" not in changed:
            obj.in_private_network = None  # where the old address is says nothing about the new one
            changed.append("in_private_network")
        # Only the edited fields: saving must not undo a pause that began after the page was opened.
        if change:
            obj.save(update_fields=changed)
        else:
            obj.save()
        self.audit_saved(obj, form, change=change)
        if {"base_url", "key_env"}.intersection(changed):
            where = obj.base_url, obj.key_label if obj.key_source else "no key"
            logger.warning("Backend “%s”: now at %s with %s, by %s", obj.name, *where, request.user)
        is_other_key = "key_env" in changed and "base_url" not in changed
        is_confirmed = not change or is_other_key or has_new_key or form.cleaned_data.get("confirm_key")
        if obj.key_source and is_confirmed and request.user.is_superuser:
            self._confirm(request, obj)
        elif obj.key_problem:
            self.message_user(request, obj.key_problem, messages.WARNING)

    def audit_changes(self, form: Any, row: Backend) -> dict[str, tuple[Any, Any]]:
        """Return the changes; of a key that was pasted or deleted only that it was."""
        kept = {"new_key": "stored_key", "delete_key": "stored_key"}
        changes = {kept.get(name, name): values for name, values in form_changes(form).items()}
        changes.pop("confirm_key", None)  # has an entry of its own
        return changes

    def _confirm(self, request: HttpRequest, backend: Backend) -> None:
        confirm_key(backend, by=str(request.user))
        self.log_change(request, backend, f"Confirmed {backend.key_label} for {backend.base_url}.")

    @admin.display(description="in flight")
    def running(self, backend: Any) -> int:
        """Count what takes a place here, also what nobody wants any more."""
        released: int = backend.released_jobs.filter(due_at__isnull=False).count()
        count: int = backend.running + released
        return count

    @admin.display(description="time limit")
    def time_limit(self, backend: Backend) -> str:
        """Return how long a video may take here, of a model that has no limit of its own."""
        return format_duration(backend.generation_timeout or settings.MAX_POLL_TIMEOUT)

    @admin.display(description="waiting")
    def waiting(self, backend: Any) -> int:
        count: int = backend.waiting
        return count

    @admin.display(description="key")
    def key(self, backend: Backend) -> str:
        """Return whether a key is set. Its value is shown nowhere."""
        return "-" if backend.pk is None else describe_key(backend)

    @admin.display(description="address for webhooks")
    def webhook_address(self, backend: Backend) -> str:
        """Return what to give to a service that signs its webhooks, or what is missing for it."""
        if not settings.PUBLIC_URL:
            return "None: PUBLIC_URL is not set, so no webhooks are taken."
        if backend.pk is None:
            return "-"
        return settings.PUBLIC_URL + reverse("webhook", args=[backend.pk])

    @admin.display(description="webhook secret")
    def webhook_secret(self, backend: Backend) -> str:
        """Return whether the secret is set. Its value is shown nowhere."""
        if not backend.webhook_secret_env:
            return "none: no signed webhooks are taken"
        return f"{backend.webhook_secret_env} is {'set' if backend.webhook_secret else 'not set'}"

    @admin.display(description="models")
    def model_names(self, backend: Backend) -> str:
        names = [model.name for model in backend.models.all()]
        more = len(names) - MAX_LISTED_MODELS
        listed = ", ".join(names[:MAX_LISTED_MODELS]) or "none"
        return f"{listed} and {more} more" if more > 0 else listed

    @admin.display(description="state")
    def status(self, backend: Backend) -> SafeString:
        if backend.pk is None:
            return format_html("{}", "-")
        if not backend.enabled:
            return format_html('<span class="admin-state admin-state-canceled">{}</span>', "Disabled")
        if not backend.is_paused and read_pauses.is_paused(backend):
            until = timezone.localtime(backend.reads_paused_until).strftime("%Y-%m-%d %H:%M:%S")
            words = f"Accepting jobs, but not polled until {until}: it asked for fewer requests"
            return format_html('<span class="admin-state admin-state-paused">{}</span>', words)
        storing = getattr(backend, "storing", 0)
        if storing >= dispatch.max_to_store(backend):
            words = f"Waiting: {storing} finished videos are still to be stored"
            return format_html('<span class="admin-state admin-state-paused">{}</span>', words)
        if not backend.is_paused:
            takes_jobs = backend in Backend.objects.in_use()
            kind, words = ("completed", "Accepting jobs") if takes_jobs else ("canceled", "On standby")
            return format_html('<span class="admin-state admin-state-{}">{}</span>', kind, words)
        until = timezone.localtime(backend.paused_until).strftime("%Y-%m-%d %H:%M:%S")
        words = f"Paused until {until}: {backend.pause_reason}"
        return format_html('<span class="admin-state admin-state-paused">{}</span>', words)

    @admin.action(permissions=["change"], description="Probe: detect capabilities without starting a job")
    def probe(self, request: HttpRequest, queryset: QuerySet[Backend]) -> None:
        for backend in queryset:
            self.log_change(request, backend, f"Probed at {backend.address}.")
            report = probe_backend(backend, by=str(request.user))
            level = messages.ERROR if report.problem else messages.SUCCESS
            self.message_user(request, _format_report(backend, report), level)

    @admin.action(permissions=["confirm"], description="Confirm the key: send it to the address shown")
    def confirm_key(self, request: HttpRequest, queryset: QuerySet[Backend]) -> None:
        for backend in queryset:
            if backend.is_simulator or not backend.key_source:
                self.message_user(request, f"{backend.name} needs no key.", messages.WARNING)
                continue
            self._confirm(request, backend)
            problem = backend.key_problem
            words = f"{backend.name}: {problem or f'{backend.key_label} goes to {backend.base_url}.'}"
            self.message_user(request, words, messages.WARNING if problem else messages.SUCCESS)

    @admin.action(permissions=["change"], description="Resume now")
    def resume(self, request: HttpRequest, queryset: QuerySet[Backend]) -> None:
        paused = [each for each in queryset if each.is_paused or read_pauses.is_paused(each)]
        Backend.objects.filter(pk__in=[backend.pk for backend in paused]).update(
            paused_until=None, pause_reason="", pause_count=0, reads_paused_until=None, read_pause_count=0
        )
        record_all(Action.RESUMED, map(subjects.backend, paused))
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


def _format_move(result: MoveResult) -> str:
    """Return what was moved where, at which price, and what was left and why, in sentences."""
    if not result.moved and not result.left:
        return "No videos are queued."
    price = f" for {format_money(result.price)} by the catalogue" if result.price else ""
    moved = ", ".join(f"{count} moved to {name}" for name, count in result.moved.items())
    left = [f"{count} left. {reason}" for reason, count in result.left.items()]
    return " ".join([f"{moved or 'None moved'}{price}.", *left])


def _format_report(backend: Backend, report: ProbeReport) -> SafeString:
    if report.problem:
        return format_html("{}: {}", backend.name, report.problem)
    rows = [(check.name, _MARKS[check.works], check.found, check.advice) for check in report.checks]
    # A list would inherit the style of the admin's own list of messages, with its ticks.
    return format_html("{}{}", backend.name, format_html_join("", "<br><strong>{}: {}.</strong> {} {}", rows))
