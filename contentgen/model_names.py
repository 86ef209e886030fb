"""The names of models and fields that Django makes of attributes, in the language of whoever reads them.

`created_at` is called “created at” on the pages of the administration, without anybody having written that.
To write it down as a `verbose_name` would be a migration of each table, and say the same once more.
"""

from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils.translation import gettext_lazy, gettext_noop

# What the administration shows. Another name stays in English.
NAMES = frozenset(
    {
        # Models.
        gettext_noop("entry"),
        gettext_noop("invitation"),
        gettext_noop("invitations"),
        gettext_noop("budget"),
        gettext_noop("budgets"),
        gettext_noop("ledger line"),
        gettext_noop("ledger lines"),
        gettext_noop("notification"),
        gettext_noop("notifications"),
        gettext_noop("delivery"),
        gettext_noop("batch"),
        gettext_noop("reference image"),
        gettext_noop("reference images"),
        gettext_noop("character"),
        gettext_noop("characters"),
        gettext_noop("videos"),
        gettext_noop("prompt template"),
        gettext_noop("prompt templates"),
        gettext_noop("collections"),
        gettext_noop("video model"),
        gettext_noop("video models"),
        gettext_noop("users"),
        # Models that are named where something is deleted with them.
        gettext_noop("account deletion"),
        gettext_noop("account deletions"),
        gettext_noop("approval request"),
        gettext_noop("approval requests"),
        gettext_noop("batch row"),
        gettext_noop("batch rows"),
        gettext_noop("budget notice"),
        gettext_noop("budget notices"),
        gettext_noop("collection item"),
        gettext_noop("collection items"),
        gettext_noop("collection member"),
        gettext_noop("collection members"),
        gettext_noop("deleted request"),
        gettext_noop("deleted requests"),
        gettext_noop("idempotency record"),
        gettext_noop("idempotency records"),
        gettext_noop("inbox"),
        gettext_noop("inboxes"),
        gettext_noop("invitation budget"),
        gettext_noop("invitation budgets"),
        gettext_noop("job candidate"),
        gettext_noop("job candidates"),
        gettext_noop("owner queue"),
        gettext_noop("owner queues"),
        gettext_noop("prompt help call"),
        gettext_noop("prompt help calls"),
        gettext_noop("released job"),
        gettext_noop("released jobs"),
        gettext_noop("share comment"),
        gettext_noop("share comments"),
        gettext_noop("share link"),
        gettext_noop("share links"),
        gettext_noop("storage notice"),
        gettext_noop("storage notices"),
        gettext_noop("submission record"),
        gettext_noop("submission records"),
        gettext_noop("tag"),
        gettext_noop("tags"),
        gettext_noop("video reference"),
        gettext_noop("video references"),
        gettext_noop("video transition"),
        gettext_noop("video transitions"),
        # Fields.
        gettext_noop("accepted at"),
        gettext_noop("accepted by"),
        gettext_noop("action"),
        gettext_noop("address"),
        gettext_noop("amount"),
        gettext_noop("answered at"),
        gettext_noop("at"),
        gettext_noop("attempt"),
        gettext_noop("attempted at"),
        gettext_noop("attempts"),
        gettext_noop("backend"),
        gettext_noop("backend character id"),
        gettext_noop("backend name"),
        gettext_noop("backends"),
        gettext_noop("cancel requested at"),
        gettext_noop("category"),
        gettext_noop("changed at"),
        gettext_noop("charge problem"),
        gettext_noop("collection"),
        gettext_noop("collection name"),
        gettext_noop("concat with source"),
        gettext_noop("confirms"),
        gettext_noop("content type"),
        gettext_noop("count"),
        gettext_noop("counts at"),
        gettext_noop("created at"),
        gettext_noop("deadline at"),
        gettext_noop("decided by"),
        gettext_noop("delete job at"),
        gettext_noop("deleted at"),
        gettext_noop("delivered at"),
        gettext_noop("description"),
        gettext_noop("door"),
        gettext_noop("due at"),
        gettext_noop("email"),
        gettext_noop("enabled"),
        gettext_noop("endpoint"),
        gettext_noop("error"),
        gettext_noop("error code"),
        gettext_noop("error detail"),
        gettext_noop("error message"),
        gettext_noop("expires at"),
        gettext_noop("failed downloads"),
        gettext_noop("failed submissions"),
        gettext_noop("failing since"),
        gettext_noop("failures"),
        gettext_noop("file name"),
        gettext_noop("finished at"),
        gettext_noop("happened at"),
        gettext_noop("height"),
        gettext_noop("held until"),
        gettext_noop("hint"),
        gettext_noop("in browser"),
        gettext_noop("in inbox"),
        gettext_noop("invited by"),
        gettext_noop("is priced"),
        gettext_noop("key stored at"),
        gettext_noop("kind"),
        gettext_noop("label"),
        gettext_noop("last frame"),
        gettext_noop("last used at"),
        gettext_noop("late since"),
        gettext_noop("lease expires at"),
        gettext_noop("mail due at"),
        gettext_noop("max in flight"),
        gettext_noop("model"),
        gettext_noop("name"),
        gettext_noop("note"),
        gettext_noop("object id"),
        gettext_noop("owner"),
        gettext_noop("parameters"),
        gettext_noop("period"),
        gettext_noop("picture"),
        gettext_noop("position"),
        gettext_noop("price samples"),
        gettext_noop("problem"),
        gettext_noop("prompt"),
        gettext_noop("public id"),
        gettext_noop("purge due at"),
        gettext_noop("queued at backend"),
        gettext_noop("read at"),
        gettext_noop("recipient"),
        gettext_noop("reference"),
        gettext_noop("requests per minute"),
        gettext_noop("response body"),
        gettext_noop("response status"),
        gettext_noop("revoked at"),
        gettext_noop("role"),
        gettext_noop("scope"),
        gettext_noop("seconds"),
        gettext_noop("sender"),
        gettext_noop("service"),
        gettext_noop("sha256"),
        gettext_noop("size"),
        gettext_noop("started at"),
        gettext_noop("state"),
        gettext_noop("stored key"),
        gettext_noop("studio favourite"),
        gettext_noop("subject"),
        gettext_noop("timeout"),
        gettext_noop("title"),
        gettext_noop("token"),
        gettext_noop("token name"),
        gettext_noop("transition"),
        gettext_noop("trashed at"),
        gettext_noop("unpriced"),
        gettext_noop("used at"),
        gettext_noop("used seed"),
        gettext_noop("user"),
        gettext_noop("username"),
        gettext_noop("video"),
        gettext_noop("visibility"),
        gettext_noop("width"),
    }
)


def translate_names() -> None:
    """Have the names that Django made translated where they are shown. Migrations do not see the difference.

    It is to be called once, when all models are known.
    """
    for model in apps.get_models():
        _translate_name_of(model)
        for field in model._meta.get_fields():
            if isinstance(field, Field):
                _translate_name_of_field(field)


def _translate_name_of_field(field: Field[Any, Any]) -> None:
    if getattr(field, "_verbose_name", "") is not None:  # beside what it is called, what its author wrote
        return
    name = str(field.verbose_name)
    if name in NAMES:
        field.verbose_name = gettext_lazy(name)


def _translate_name_of(model: type[Model]) -> None:
    options = model._meta
    if "verbose_name" in options.original_attrs:
        return
    singular, plural = str(options.verbose_name), str(options.verbose_name_plural)
    if singular in NAMES:
        options.verbose_name = gettext_lazy(singular)
    if plural in NAMES and "verbose_name_plural" not in options.original_attrs:
        options.verbose_name_plural = gettext_lazy(plural)
