"""Notifications in the admin: what people were told, to read and nothing else."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin_pages import BoundedPaginator
from contentgen.admin_search import SmallTableSearch
from notifications.models import Notification
from notifications.wording import words_of


@admin.register(Notification)
class NotificationAdmin(SmallTableSearch[Notification]):
    list_display = ("happened_at", "user", "kind", "object_id", "count", "is_read", "mail_due_at")
    list_filter = ("kind", ("read_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("user__username", "object_id")
    fields = readonly_fields = (*list_display, "says", "created_at", "read_at", "in_inbox", "in_browser")
    show_full_result_count = False
    paginator = BoundedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return False

    @admin.display(boolean=True, description=_("read"))
    def is_read(self, notification: Notification) -> bool:
        return not notification.is_unread

    @admin.display(description=_("says"))
    def says(self, notification: Notification) -> str:
        words = words_of(notification)
        return " · ".join(each for each in (words.title, words.detail, words.note) if each)
