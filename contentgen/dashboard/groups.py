"""The navigation of the administration: its lists by what somebody comes for, not by their packages."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

# What is not named here stands under the last heading, so that nothing new is lost.
GROUPS: tuple[tuple[StrOrPromise, tuple[str, ...]], ...] = (
    (
        _("Videos"),
        (
            *("videos.video", "videos.batch", "videos.collection", "videos.character"),
            *("videos.referenceimage", "videos.prompttemplate"),
        ),
    ),
    (_("Backends"), ("videos.backend", "videos.videomodel", "videos.studiostate")),
    (_("People"), ("accounts.user", "accounts.invitation", "accounts.apitoken", "auth.group")),
    (_("Money"), ("billing.budget", "billing.ledgerline")),
    (
        _("Messages"),
        (
            *("notifications.notification", "accounts.outgoingmail"),
            *("webhooks.endpoint", "webhooks.delivery"),
        ),
    ),
    (_("Records"), ("audit.entry",)),
)
OTHERS = _("More")


def group_models(apps: Iterable[dict[str, Any]]) -> list[tuple[StrOrPromise, list[dict[str, Any]]]]:
    """Return the models of Django's list of apps, which holds those that one may see, under our headings."""
    models = {each["model"]._meta.label_lower: each for app in apps for each in app["models"]}
    groups = [
        (heading, [models.pop(label) for label in labels if label in models]) for heading, labels in GROUPS
    ]
    return [(heading, found) for heading, found in [*groups, (OTHERS, list(models.values()))] if found]
