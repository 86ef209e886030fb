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

from accounts.models import User
from audit.admin_log import AuditedAdmin
from billing.money import format_money
from videos.admin.backend_forms import PauseForm
from videos.backends.probe_report import ProbeReport
from videos.models import Backend
from videos.services.backend_pauses import pause_backends, resume_backends, switch_backends, waiting_at
from videos.services.backends import confirm_key, probe_backend
from videos.services.held_videos import MoveResult, move_queued_videos

_MARKS = {True: "yes", False: "no", None: "unknown"}
_FROM_PAGE = "page"  # is posted with an action by the backend's own page


class BackendActions(AuditedAdmin[Backend]):
    """The actions. Each says what it did; those that stop something are confirmed first."""

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        """Whether this person may say where a key goes: superusers alone."""
        return bool(request.user.is_superuser)

    @admin.action(permissions=["change"], description="Pause…")
    def pause(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        form = PauseForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._confirm_page(request, "pause", backends, form)
        person = cast(User, request.user)
        pause_backends(backends, by=person, until=form.until, reason=form.cleaned_data["reason"])
        self._log(request, backends, "Paused.")
        names = ", ".join(each.name for each in backends)
        verb = "is" if len(backends) == 1 else "are"
        self.message_user(request, f"{names} {verb} paused. Jobs in flight go on.", messages.SUCCESS)
        return self._back(request, backends)

    @admin.action(permissions=["change"], description="Resume now")
    def resume(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        paused = resume_backends(backends)
        self._log(request, paused, "Resumed.")
        self._tell(request, len(paused), len(backends) - len(paused), "resumed", "not paused")
        return self._back(request, backends)

    @admin.action(permissions=["change"], description="Switch off…")
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        if "confirmed" not in request.POST:
            return self._confirm_page(request, "switch_off", backends)
        changed = switch_backends(backends, on=False)
        self._log(request, changed, "Switched off.")
        self._tell(request, len(changed), len(backends) - len(changed), "switched off", "off already")
        return self._back(request, backends)

    @admin.action(permissions=["change"], description="Switch on")
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        changed = switch_backends(backends, on=True)
        self._log(request, changed, "Switched on.")
        self._tell(request, len(changed), len(backends) - len(changed), "switched on", "on already")
        return self._back(request, backends)

    @admin.action(permissions=["change"], description="Probe again: see what works, without starting a job")
    def probe(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        for backend in backends:
            self.log_change(request, backend, f"Probed at {backend.address}.")
            report = probe_backend(backend, by=str(request.user))
            level = messages.ERROR if report.problem else messages.SUCCESS
            is_shown = _FROM_PAGE in request.POST and not report.problem
            words = f"{backend.name} was probed." if is_shown else _format_report(backend, report)
            self.message_user(request, words, level)
        return self._back(request, backends)

    @admin.action(permissions=["confirm"], description="Confirm the key: send it to the address shown")
    def confirm_key(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        for backend in backends:
            if backend.is_simulator or not backend.key_source:
                self.message_user(request, f"{backend.name} needs no key.", messages.WARNING)
                continue
            self.confirm(request, backend)
            problem = backend.key_problem
            words = f"{backend.name}: {problem or f'{backend.key_label} goes to {backend.base_url}.'}"
            self.message_user(request, words, messages.WARNING if problem else messages.SUCCESS)
        return self._back(request, backends)

    @admin.action(permissions=["change"], description="Move queued videos to another backend")
    def move_queued(self, request: HttpRequest, queryset: QuerySet[Backend]) -> HttpResponse | None:
        backends = list(queryset)
        for backend in backends:
            result = move_queued_videos(backend)
            if result.moved:
                self._log(request, [backend], _format_move(result))
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

    def _tell(self, request: HttpRequest, done: int, others: int, verb: str, otherwise: str) -> None:
        parts = [f"{done} {verb}"] if done else []
        parts += [f"{others} {otherwise}"] if others else []
        self.message_user(request, "; ".join(parts) + ".", messages.SUCCESS if done else messages.WARNING)

    def _back(self, request: HttpRequest, backends: list[Backend]) -> HttpResponse | None:
        """Lead back to the backend's page, where the action was chosen there; else to the list."""
        if _FROM_PAGE not in request.POST or len(backends) != 1:
            return None
        return HttpResponseRedirect(reverse("admin:videos_backend_change", args=[backends[0].pk]))

    def _confirm_page(
        self, request: HttpRequest, action: str, backends: list[Backend], form: PauseForm | None = None
    ) -> HttpResponse:
        verb = {"pause": "Pause", "switch_off": "Switch off"}[action]
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"{verb} {backends[0].name if len(backends) == 1 else f'{len(backends)} backends'}",
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
