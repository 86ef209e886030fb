"""The list of backends in the admin: how each stands, what it has to do, and how the last week went."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.formats import format_moment, format_number
from videos.admin.backend_actions import BackendActions
from videos.admin.list_fields import EditableList
from videos.models import Backend
from videos.services.backend_figures import Figures, figures_of
from videos.services.backend_status import BackendState, describe_key, find_state

_NONE = "-"


class BackendChangeList(ChangeList):
    """Reads the figures of all backends of a page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        backends: list[Backend] = list(self.result_list)  # which stays a query, for the forms of the list
        figures, in_use = figures_of(backends), {each.pk for each in Backend.objects.in_use()}
        for backend in backends:
            found = figures[backend.pk]
            backend.figures = found  # type: ignore[attr-defined]
            backend.shown_state = find_state(  # type: ignore[attr-defined]
                backend, takes_jobs=backend.pk in in_use, flight=found.flight
            )


class BackendList(EditableList, BackendActions):
    """The columns. What a row shows is read by `BackendChangeList`."""

    list_display = (
        "title",
        "status",
        "key",
        "model_count",
        "running",
        "waiting",
        "week",
        "last_answer",
        "position",
    )
    list_display_links = ("title",)
    list_editable = ("position",)
    sortable_by = ("title", "position")
    actions = ("pause", "resume", "probe", "move_queued", "switch_off", "switch_on", "confirm_key")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BackendChangeList

    @admin.display(description=_("backend"), ordering="name")
    def title(self, backend: Backend) -> SafeString:
        where = "" if backend.is_simulator else backend.address
        kind = backend.get_service_display() if not backend.is_simulator else gettext("Built in")
        return format_html(
            '{}<span class="admin-secondary">{}</span><span class="admin-secondary">{}</span>',
            backend.name,
            kind,
            where,
        )

    @admin.display(description=_("state"))
    def status(self, backend: Any) -> SafeString:
        return state_label(backend.shown_state)

    @admin.display(description=_("key"))
    def key(self, backend: Backend) -> SafeString:
        """Return whether a key is set, and the rest below it. Its value is shown nowhere."""
        return key_label(backend)

    @admin.display(description=_("models"))
    def model_count(self, backend: Any) -> str:
        return format_number(backend.figures.models)

    @admin.display(description=_("in flight"))
    def running(self, backend: Any) -> str:
        """Return what takes a place here, also what nobody wants any more, and how many there are."""
        running, most = backend.figures.flight.in_flight, backend.max_in_flight
        words = {"number": format_number(running), "total": format_number(most)}
        return gettext("%(number)s of %(total)s") % words

    @admin.display(description=pgettext_lazy("column", "queued"))
    def waiting(self, backend: Any) -> str:
        return format_number(backend.figures.flight.queued)

    @admin.display(description=_("last 7 days"))
    def week(self, backend: Any) -> SafeString | str:
        return week_label(backend.figures)

    @admin.display(description=_("last answer"))
    def last_answer(self, backend: Any) -> SafeString | str:
        return ago(backend.figures.flight.last_answer)


def state_label(state: BackendState) -> SafeString:
    label = format_html('<span class="backend-state backend-state--{}">{}</span>', state.kind, state.words)
    return format_html('{}<span class="admin-secondary">{}</span>', label, state.detail)


def key_label(backend: Backend) -> SafeString:
    if backend.is_simulator or not backend.key_source:
        return format_html("{}", gettext("Not needed"))
    if backend.key_problem:
        short = gettext("Not sent")
    elif backend.stored_key:
        short = gettext("Stored")
    else:
        short = gettext("Set") if backend.key else gettext("Not set")
    return format_html('{}<span class="admin-secondary">{}</span>', short, describe_key(backend))


def week_label(figures: Figures) -> SafeString | str:
    week = figures.week
    if week.percent is None:
        return _NONE
    numbers = {"number": format_number(week.completed), "total": format_number(week.total)}
    words = gettext("%(number)s of %(total)s succeeded") % numbers
    return format_html('{} %<span class="admin-secondary">{}</span>', week.percent, words)


def ago(moment: datetime | None) -> SafeString | str:
    """Return how long ago something was, with the moment itself on pointing at it."""
    if moment is None:
        return _NONE
    words = gettext("just now")
    if (timezone.now() - moment).total_seconds() >= 60:
        words = gettext("%(duration)s ago") % {"duration": timesince(moment, depth=1)}
    return format_html('<span title="{}">{}</span>', format_moment(moment), words)
