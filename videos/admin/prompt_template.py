"""Prompt templates in the admin."""

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from audit.admin_log import AuditedAdmin
from audit.vocabulary import Kind
from contentgen.admin_search import FoldedSearch
from videos.admin.list_fields import EditableList
from videos.forms.templates import SharedTemplateForm
from videos.models import PromptTemplate


@admin.register(PromptTemplate)
class PromptTemplateAdmin(EditableList, AuditedAdmin[PromptTemplate], FoldedSearch[PromptTemplate]):
    audit_kind = Kind.TEMPLATE
    form = SharedTemplateForm
    list_display = (
        "title",
        "category",
        "owner",
        "short_prompt",
        "model",
        "seconds",
        "size",
        "enabled",
        "position",
    )
    list_editable = ("enabled", "position")
    list_filter = ("enabled", "category", ("owner", admin.EmptyFieldListFilter))
    list_select_related = ("owner",)
    search_fields = ("search_text", "owner__username")
    search_help_text = _("Title, prompt, category, owner")

    @admin.display(description=_("prompt"))
    def short_prompt(self, template: PromptTemplate) -> str:
        return Truncator(template.prompt).chars(80)
