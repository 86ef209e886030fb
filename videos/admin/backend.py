"""Backends in the admin: their pages, their settings, and where their keys go."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.admin_log import form_changes
from audit.vocabulary import Kind
from contentgen.public_url import public_address
from videos.admin.backend_forms import PREFIX, BackendForm, SuperuserBackendForm
from videos.admin.backend_list import BackendList
from videos.admin.backend_page import page_context
from videos.admin.model_updates import update_models
from videos.models import Backend
from videos.services.backend_deletion import deletion_notes, deletion_obstacles
from videos.services.backend_status import describe_key
from videos.services.backends import set_capabilities
from videos.services.connections import may_connect
from videos.services.generation_requests import MAX_LISTED_MODELS

logger = logging.getLogger(__name__)

# They say where a key goes, and what the studio may be made to read.
_SUPERUSER_FIELDS = ("service", "base_url", "key_env", "webhook_secret_env", "in_private_network")
_KEY_FIELDS = ("key_env", "stored_key", "key_stored_at")
_COPIES = _(
    "Once a video's file is stored here and has been read back, its job can be deleted at the backend, where "
    "that deletes jobs. Jobs that somebody chose for a lost reply stay, because they may be another's."
)
_CAPABILITIES = (
    (_("Can do with its jobs"), ("can_list", "can_delete", "honours_idempotency_key")),
    (_("Can make of videos"), ("can_remix", "can_edit", "can_extend")),
    (_("Takes with a prompt"), ("takes_reference", "can_characters")),
)


@admin.register(Backend)
class BackendAdmin(BackendList):
    audit_kind = Kind.BACKEND
    form = BackendForm
    delete_confirmation_template = "admin/videos/backend/delete_confirmation.html"

    class Media:
        css = {"all": ("css/admin.css", "css/admin-backends.css")}

    def get_urls(self) -> list[URLPattern]:
        def update(request: HttpRequest, object_id: str) -> HttpResponse:
            return update_models(self, request, object_id)

        view = self.admin_site.admin_view(update)
        return [path("<path:object_id>/models/", view, name="videos_backend_models"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Backend]:
        return super().get_queryset(request).prefetch_related("models")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this person may say what address the studio talks to: superusers, and whom one of them has
        let connect backends.
        """
        user = request.user
        return bool(user.is_superuser) or (isinstance(user, User) and may_connect(user))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Lead to the Connect page, which tests before it saves; superusers can fill in a form instead."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        is_by_hand = request.method == "POST" or "by_hand" in request.GET
        if is_by_hand and not request.user.is_superuser:
            raise PermissionDenied
        if not is_by_hand:
            return HttpResponseRedirect(reverse("videos:connect"))
        return super().add_view(request, form_url, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        backend = self.get_object(request, object_id)
        may_look = backend is not None and self.has_view_or_change_permission(request, backend)
        page = page_context(request, backend) if backend is not None and may_look else {}
        return super().change_view(request, object_id, form_url, {**page, **(extra_context or {})})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what stands against deleting them. Nothing is listed row by row: there may be 100,000."""
        obstacles = [
            f"{backend.name}: {sentence}" for backend in objs for sentence in deletion_obstacles(backend)
        ]
        may_delete = self.has_delete_permission(request)
        return [], {}, set() if may_delete else {self.opts.verbose_name}, obstacles

    def render_delete_form(self, request: HttpRequest, context: Any) -> HttpResponse:
        backend = context["object"]
        context |= {"notes": deletion_notes(backend), "may_switch": self.has_change_permission(request)}
        return super().render_delete_form(request, context)

    def get_form(
        self, request: HttpRequest, obj: Backend | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = SuperuserBackendForm if request.user.is_superuser else BackendForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Backend | None = None) -> Any:
        # Who may only look gets what a form says in words: its fields cannot be drawn to be read.
        may_change = self.has_change_permission(request, obj)
        models = "models" if may_change else "model_names"
        prefix = PREFIX if may_change else ""
        main = ("name", "service", "enabled", "position", "stands_in")
        abilities = [
            (
                title,
                {
                    "fields": [prefix + name for name in names],
                    "classes": ["collapse"],
                    "description": _("Change only what the service does not say, or says wrongly."),
                },
            )
            for title, names in _CAPABILITIES
        ]
        limits = ("timeout", "generation_timeout", "max_in_flight", "requests_per_minute")
        copies = ("job_retention", "job_retention_days")
        hooks = ("webhook_address", "webhook_secret_env", "webhook_secret")
        return (
            (_("In the studio"), {"fields": main}),
            (_("Address and key"), {"fields": self._address_fields(request, obj)}),
            (_("Models"), {"fields": (models,)}),
            (_("Limits"), {"fields": limits, "classes": ["collapse"]}),
            (_("Cost"), {"fields": ("costs_nothing", "charges_failures"), "classes": ["collapse"]}),
            (_("Its own copies"), {"fields": copies, "classes": ["collapse"], "description": _COPIES}),
            *abilities,
            (_("Protocol"), {"fields": ("sends_json", "in_private_network"), "classes": ["collapse"]}),
            (_("Webhooks"), {"fields": hooks, "classes": ["collapse"]}),
        )

    def _address_fields(self, request: HttpRequest, obj: Backend | None) -> list[str]:
        if obj and obj.is_simulator:
            return ["address"]
        where = ["base_url", "key_words", "key_env"]
        if not request.user.is_superuser:
            return where
        own = ["new_key", "delete_key"] if obj and obj.stored_key else ["new_key"]
        return [*where, *own, "confirm_key"] if obj else ["base_url", "key_env", *own]

    def get_readonly_fields(self, request: HttpRequest, obj: Backend | None = None) -> list[str]:
        fixed = ["address", "key_words", "model_names", "webhook_address", "webhook_secret"]
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
        if chosen := getattr(form, "capabilities", None):
            set_capabilities(obj, chosen)
        self.audit_saved(obj, form, change=change)
        if {"base_url", "key_env"}.intersection(changed):
            where = obj.base_url, obj.key_label if obj.key_source else "no key"
            logger.warning("Backend “%s”: now at %s with %s, by %s", obj.name, *where, request.user)
        is_other_key = "key_env" in changed and "base_url" not in changed
        is_confirmed = not change or is_other_key or has_new_key or form.cleaned_data.get("confirm_key")
        if obj.key_source and is_confirmed and request.user.is_superuser:
            self.confirm(request, obj)
        elif obj.key_problem:
            self.message_user(request, obj.key_problem, messages.WARNING)

    def audit_changes(self, form: Any, row: Backend) -> dict[str, tuple[Any, Any]]:
        """Return the changes; of a key that was pasted or deleted only that it was."""
        kept = {"new_key": "stored_key", "delete_key": "stored_key"}
        changes = {
            kept.get(name, name.removeprefix(PREFIX)): values for name, values in form_changes(form).items()
        }
        changes.pop("confirm_key", None)  # has an entry of its own
        return changes

    @admin.display(description=_("key"))
    def key_words(self, backend: Backend) -> str:
        """Return whether there is a key and where it goes. Its value is shown nowhere."""
        if backend.pk is None:
            return "-"
        words = describe_key(backend)
        is_sent = backend.key_source and not backend.key_problem and not backend.is_simulator
        if not is_sent:
            return words
        sent = gettext("%(key)s; sent to %(address)s and nowhere else")
        return sent % {"key": words, "address": backend.base_url}

    @admin.display(description=_("address for webhooks"))
    def webhook_address(self, backend: Backend) -> str:
        """Return what to give to a service that signs its webhooks, or what is missing for it."""
        if not settings.PUBLIC_URL:
            return gettext("None: PUBLIC_URL is not set, so no webhooks are taken.")
        if backend.pk is None:
            return "-"
        return public_address(reverse("webhook", args=[backend.pk]))

    @admin.display(description=_("webhook secret"))
    def webhook_secret(self, backend: Backend) -> str:
        """Return whether the secret is set. Its value is shown nowhere."""
        if not backend.webhook_secret_env:
            return gettext("none: no signed webhooks are taken")
        words = (
            gettext("%(variable)s is set") if backend.webhook_secret else gettext("%(variable)s is not set")
        )
        return words % {"variable": backend.webhook_secret_env}

    @admin.display(description=_("models"))
    def model_names(self, backend: Backend) -> str:
        names = [model.name for model in backend.models.all()]
        more = len(names) - MAX_LISTED_MODELS
        listed = ", ".join(names[:MAX_LISTED_MODELS]) or gettext("none")
        if more <= 0:
            return listed
        words = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", more)
        return words % {"names": listed, "count": more}
