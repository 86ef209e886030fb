"""Webhooks in the admin, to look at and to stop. Addresses may hold a secret, so superusers alone see them.

Their owners create them, because nobody else may see what signs.
"""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from audit.admin_pages import BoundedPaginator
from contentgen.admin_search import SmallTableSearch
from contentgen.stored_texts import translated
from webhooks import endpoints
from webhooks.models import Delivery, Endpoint


class _ReadOnly:
    """For superusers, and for looking alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


@admin.register(Endpoint)
class EndpointAdmin(_ReadOnly, SmallTableSearch[Endpoint]):
    """Lists, pauses and resumes webhooks."""

    list_display = (
        "__str__",
        "owner",
        "is_studio_wide",
        "state",
        "failures",
        "failing_since",
        "delivered_at",
    )
    list_filter = ("state", "is_studio_wide")
    list_select_related = ("owner",)
    search_fields = ("url", "description", "owner__username")
    fields = readonly_fields = (
        *("public_id", "owner", "is_studio_wide", "url", "description", "events", "state", "reason"),
        *("created_at", "attempted_at", "delivered_at", "failures", "failing_since", "held_until"),
    )
    actions = ("pause", "resume")

    @admin.display(description=_("events"))
    def events(self, endpoint: Endpoint) -> str:
        return ", ".join(endpoint.kinds)

    @admin.display(description=_("problem"))
    def reason(self, endpoint: Endpoint) -> str:
        return translated(endpoint.problem)

    @admin.action(description=_("Pause"), permissions=["view"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        paused = [each for each in queryset if endpoints.pause(each)]
        self._tell(request, paused, gettext_noop("Paused."))

    @admin.action(description=_("Resume"), permissions=["view"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        resumed = [each for each in queryset if endpoints.resume(each)]
        self._tell(request, resumed, gettext_noop("Turned on."))

    def _tell(self, request: HttpRequest, changed: list[Endpoint], what: str) -> None:
        for endpoint in changed:
            self.log_change(request, endpoint, what)
        level = messages.SUCCESS if changed else messages.WARNING
        self.message_user(request, gettext("%(count)d changed.") % {"count": len(changed)}, level)


@admin.register(Delivery)
class DeliveryAdmin(_ReadOnly, admin.ModelAdmin[Delivery]):
    """Shows the log of all webhooks, without what was sent: that is between owner and receiver."""

    list_display = (
        "public_id",
        "endpoint",
        "state",
        "attempts",
        "created_at",
        "due_at",
        "response_status",
        "reason",
    )
    list_filter = ("state",)
    list_select_related = ("endpoint",)
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = readonly_fields = (
        *("public_id", "endpoint", "state", "attempts", "created_at", "attempted_at", "due_at"),
        *("finished_at", "response_status", "response_body", "duration_ms", "reason"),
    )
    actions = ("resend",)

    @admin.display(description=_("error"))
    def reason(self, delivery: Delivery) -> str:
        return translated(delivery.error)

    @admin.action(description=_("Resend"), permissions=["view"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Send deliveries once more, those of active webhooks."""
        count = 0
        for delivery in queryset.select_related("endpoint"):
            try:
                count += endpoints.resend(delivery)
            except endpoints.NotPossibleError as error:
                self.message_user(request, str(error), messages.WARNING)
                break
        self.message_user(request, gettext("%(count)d on their way again.") % {"count": count})
