"""Invitations and outgoing mail in the admin, without the link of the one and the text of the other."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts import invitations, mail
from accounts.models import Invitation, OutgoingMail
from audit.admin_pages import BoundedPaginator
from contentgen.admin_search import SmallTableSearch


@admin.register(Invitation)
class InvitationAdmin(SmallTableSearch[Invitation]):
    """Lists and withdraws invitations. They are made on the studio's own page, which shows the link."""

    list_display = ("email", "role", "invited_by", "created_at", "expires_at", "status", "accepted_by")
    list_filter = ("role", ("accepted_at", admin.EmptyFieldListFilter))
    list_select_related = ("invited_by", "accepted_by")
    search_fields = ("email", "invited_by__username")
    fields = readonly_fields = (*list_display, "accepted_at", "revoked_at")
    actions = ("withdraw",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Refuse to edit one. The permission to change invitations is the permission to withdraw them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_withdraw_permission(request)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_invitation")

    @admin.display(description=_("status"))
    def status(self, invitation: Invitation) -> str:
        return invitation.status

    @admin.action(description=_("Withdraw"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        withdrawn = [each for each in queryset if invitations.revoke(each)]
        for invitation in withdrawn:
            self.log_change(request, invitation, gettext_noop("Withdrawn."))
        text = gettext("%(count)d withdrawn.") % {"count": len(withdrawn)}
        self.message_user(request, text)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(SmallTableSearch[OutgoingMail]):
    """Shows what was sent and what was not, and why; what failed can be sent again."""

    list_display = ("subject", "recipient", "state", "attempts", "created_at", "due_at", "error")
    list_filter = ("state",)
    search_fields = ("recipient", "subject")
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = readonly_fields = (*list_display, "sender", "finished_at")
    actions = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        """Refuse to edit one. The permission to change mail is the permission to send it again."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_resend_permission(request)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_outgoingmail")

    @admin.action(description=_("Send again"), permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        count = mail.send_again(list(queryset.values_list("pk", flat=True)))
        level = messages.SUCCESS if count else messages.WARNING
        text = gettext("%(count)d queued again. Only what failed can be.") % {"count": count}
        self.message_user(request, text, level)
