"""Holding and releasing submissions: one page, with the number and the price of what waits."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import lazy
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import User
from videos.engine import hold
from videos.engine.submission_marks import MarksUnavailableError
from videos.models import StudioState
from videos.services.submissions import SubmissionStatus, submission_status


@admin.register(StudioState)
class StudioStateAdmin(admin.ModelAdmin[StudioState]):
    """The list is the page: there is one row, and nobody edits it. Who may change it may hold and release."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StudioState | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._act(request)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Submissions"),
            "opts": self.opts,
            "status": submission_status(),
            "may_change": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/videos/studiostate/submissions.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return redirect("admin:videos_studiostate_changelist")

    def _act(self, request: HttpRequest) -> HttpResponseRedirect:
        if not self.has_change_permission(request):
            raise PermissionDenied
        status = submission_status()
        if request.POST.get("action") == "hold":
            level, words = _hold(request)
        else:
            level, words = _release(request, status)
        if level == messages.SUCCESS:
            by = cast(int, request.user.pk)
            with override("en"):  # it is stored
                LogEntry.objects.log_actions(by, [status.state], CHANGE, change_message=str(words))
        self.message_user(request, str(words), level)
        return redirect("admin:videos_studiostate_changelist")


def _hold(request: HttpRequest) -> tuple[int, StrOrPromise]:
    if hold.hold(note=request.POST.get("note", ""), by=cast(User, request.user)):
        return messages.SUCCESS, _("Submissions are held.")
    return messages.WARNING, _("Submissions were held before.")


def _release(request: HttpRequest, status: SubmissionStatus) -> tuple[int, StrOrPromise]:
    """Release what the person has seen: where the queue has changed since, the page is shown anew."""
    if request.POST.get("total") != status.total:
        return messages.WARNING, _("The queue has changed. Nothing was released: look at it once more.")
    try:
        if hold.release():
            return messages.SUCCESS, _describe_release(status)
    except (hold.StillSearchingError, MarksUnavailableError) as error:
        return messages.ERROR, f"{gettext('Not released.')} {error}"
    return messages.WARNING, _("Submissions were not held.")


def _release_in_words(status: SubmissionStatus) -> str:
    return gettext("Released: %(videos)s.") % {"videos": status.total}


_describe_release = lazy(_release_in_words, str)  # it is shown in one language, and kept in another
