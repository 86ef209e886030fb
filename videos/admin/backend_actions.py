"""What staff can do with backends in the admin, in the list and on a backend's page."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.admin_log import AuditedAdmin
from billing.money import format_money
from contentgen.stored_texts import translated
from videos.admin.backend_forms import PauseForm
from videos.backends.probe_report import ProbeReport
from videos.models import Backend
from videos.services.backend_pauses import pause_backends, resume_backends, switch_backends, waiting_at
from videos.services.backends import confirm_key, probe_backend
from videos.services.held_videos import MoveResult, move_queued_videos

_MARKS = {True: _("yes"), False: _("no"), None: _("unknown")}
_FROM_PAGE = "page"  # is posted with an action by the backend's own page


class BackendActions(AuditedAdmin[Backend]):
    """The actions. Each says what it did; those that stop something are confirmed first."""

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        """Whether this person may say where a key goes: superusers alone."""
        return bool(request.user.is_superuser)

    @admin.action(permissions=["change"], description=_("Pause…"))
    def pause(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        form = PauseForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._confirm_page(request, "pause", backends, form)
        person = cast(User, request.user)
        pause_backends(backends, by=person, until=form.until, reason=form.cleaned_data["reason"])
        self._log(request, backends, gettext_noop("Paused."))
        names = ", ".join(each.name for each in backends)
        words = ngettext(
            "%(names)s is paused. Jobs in flight go on.",
            "%(names)s are paused. Jobs in flight go on.",
            len(backends),
        )
        self.message_user(request, words % {"names": names}, messages.SUCCESS)
        return self._back(request, backends)

    @admin.action(permissions=["change"], description=_("Resume now"))
    def resume(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        paused = resume_backends(backends)
        self._log(request, paused, gettext_noop("Resumed."))
        self._tell(request, backends, paused, gettext("%(count)d resumed"), gettext("%(count)d not paused"))
        return self._back(request, backends)

    @admin.action(permissions=["change"], description=_("Switch off…"))
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        if "confirmed" not in request.POST:
            return self._confirm_page(request, "switch_off", backends)
        changed = switch_backends(backends, on=False)
        self._log(request, changed, gettext_noop("Switched off."))
        self._tell(
            request, backends, changed, gettext("%(count)d switched off"), gettext("%(count)d off already")
        )
        return self._back(request, backends)

    @admin.action(permissions=["change"], description=_("Switch on"))
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        changed = switch_backends(backends, on=True)
        self._log(request, changed, gettext_noop("Switched on."))
        self._tell(
            request, backends, changed, gettext("%(count)d switched on"), gettext("%(count)d on already")
        )
        return self._back(request, backends)

    @admin.action(
        permissions=["change"], description=_("Probe again: see what works, without starting a job")
    )
    def probe(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        for backend in backends:
            self.log_change(request, backend, f"Probed at {backend.address}.")
            report = probe_backend(backend, by=str(request.user))
            level = messages.ERROR if report.problem else messages.SUCCESS
            is_shown = _FROM_PAGE in request.POST and not report.problem
            was_probed = gettext("%(name)s was probed.") % {"name": backend.name}
            words = was_probed if is_shown else _format_report(backend, report)
            self.message_user(request, words, level)
        return self._back(request, backends)

    @admin.action(permissions=["confirm"], description=_("Confirm the key: send it to the address shown"))
    def confirm_key(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        for backend in backends:
            if backend.is_simulator or not backend.key_source:
                needs_none = gettext("%(name)s needs no key.") % {"name": backend.name}
                self.message_user(request, needs_none, messages.WARNING)
                continue
            self.confirm(request, backend)
            problem = backend.key_problem
            words = f"{backend.name}: {problem or _where_key_goes(backend)}"
            self.message_user(request, words, messages.WARNING if problem else messages.SUCCESS)
        return self._back(request, backends)

    @admin.action(permissions=["change"], description=_("Move queued videos to another backend"))
    def move_queued(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        for backend in backends:
            result = move_queued_videos(backend)
            if result.moved:
                self._log(request, [backend], _move_in_history(result))
            level = messages.WARNING if result.left or not result.moved else messages.SUCCESS
            self.message_user(request, f"{backend.name}: {_format_move(result)}", level)
        return self._back(request, backends)

    def confirm(self, request: HttpRequest, backend: Backend) -> None:
        """Let the backend's key go to its address, and write that down."""
        confirm_key(backend, by=str(request.user))
        self.log_change(request, backend, f"Confirmed {backend.key_label} for {backend.base_url}.")

    def _log(self, request: HttpRequest, backends: list[Backend], words: str) -> None:
        if backends:
            LogEntry.objects.log_actions(cast(int, request.user.pk), backends, CHANGE, change_message=words)

    def _tell(
        self, request: HttpRequest, chosen: list[Backend], changed: list[Backend], done: str, otherwise: str
    ) -> None:
        """Say how many of the chosen backends were changed, and how many were so before."""
        counts = ((done, len(changed)), (otherwise, len(chosen) - len(changed)))
        sentence = "; ".join(words % {"count": count} for words, count in counts if count)
        self.message_user(request, f"{sentence}.", messages.SUCCESS if changed else messages.WARNING)

    def _back(self, request: HttpRequest, backends: list[Backend]) -> HttpResponse | None:
        """Lead back to the backend's page, where the action was chosen there; else to the list."""
        if _FROM_PAGE not in request.POST or len(backends) != 1:
            return None
        return HttpResponseRedirect(reverse("admin:videos_backend_change", args=[backends[0].pk]))

    def _confirm_page(
        self, request: HttpRequest, action: str, backends: list[Backend], form: PauseForm | None = None
    ) -> HttpResponse:
        verb, one, many = {
            "pause": (gettext("Pause"), gettext("Pause %(name)s"), gettext("Pause %(count)d backends")),
            "switch_off": (
                gettext("Switch off"),
                gettext("Switch off %(name)s"),
                gettext("Switch off %(count)d backends"),
            ),
        }[action]
        title = one % {"name": backends[0].name} if len(backends) == 1 else many % {"count": len(backends)}
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "action": action,
            "verb": verb,
            "backends": backends,
            "waiting": waiting_at(backends),
            "form": form,
            "from_page": _FROM_PAGE in request.POST,
        }
        return TemplateResponse(request, "admin/videos/backend/action_confirmation.html", context)


def _format_move(result: MoveResult) -> str:
    """Return what was moved where, at which price, and what was left and why, in sentences."""
    if not result.moved and not result.left:
        return gettext("No videos are queued.")
    moved = ", ".join(
        gettext("%(count)d moved to %(name)s") % {"count": count, "name": name}
        for name, count in result.moved.items()
    )
    moved = moved or gettext("None moved")
    if result.price:
        words = gettext("%(moved)s for %(price)s by the catalogue.")
        moved = words % {"moved": moved, "price": format_money(result.price)}
    else:
        moved = f"{moved}."
    left = [
        gettext("%(count)d left. %(reason)s") % {"count": count, "reason": reason}
        for reason, count in result.left.items()
    ]
    return " ".join([moved, *left])


def _move_in_history(result: MoveResult) -> str:
    """Return what was moved where, in the sentences that the backend's history keeps, which are English."""
    moved = [f"{count} moved to {name}." for name, count in result.moved.items()]
    left = sum(result.left.values())
    return " ".join([*moved, *([f"{left} left."] if left else [])])


def _where_key_goes(backend: Backend) -> str:
    words = {"variable": backend.key_env, "address": backend.base_url}
    if backend.stored_key:
        return gettext("the stored key goes to %(address)s.") % words
    return gettext("the key in %(variable)s goes to %(address)s.") % words


def _format_report(backend: Backend, report: ProbeReport) -> SafeString:
    if report.problem:
        return format_html("{}: {}", backend.name, translated(report.problem))
    rows = [
        (translated(check.name), _MARKS[check.works], translated(check.found), translated(check.advice))
        for check in report.checks
    ]
    # A list would inherit the style of the admin's own list of messages, with its ticks.
    return format_html("{}{}", backend.name, format_html_join("", "<br><strong>{}: {}.</strong> {} {}", rows))
