"""The kinds of events that webhooks tell of, in people's words."""

from django.utils.translation import gettext_lazy as _

from contentgen.events import EventKind

TEST = "webhook.test"  # what “Send test” sends, whatever kinds were chosen

_LABELS = {
    EventKind.VIDEO_COMPLETED: _("A video is done"),
    EventKind.VIDEO_FAILED: _("A video failed"),
    EventKind.VIDEO_NEEDS_ATTENTION: _("A video needs attention"),
    EventKind.BATCH_COMPLETED: _("A batch is done"),
    EventKind.BUDGET_WARNING: _("A budget is nearly used up"),
    EventKind.BUDGET_EXCEEDED: _("A budget is used up"),
    EventKind.APPROVAL_REQUESTED: _("An approval is asked for"),
    EventKind.APPROVAL_DECIDED: _("An approval is decided"),
    EventKind.COLLECTION_SHARED: _("A collection is shared"),
    EventKind.RETENTION_DUE: _("Videos will move to the trash"),
    EventKind.RETENTION_PAUSED: _("Removal by age is paused"),
    EventKind.STORAGE_WARNING: _("Storage is nearly full"),
    EventKind.STORAGE_FULL: _("Storage is full"),
}
CHOICES = [(kind.value, _LABELS.get(kind, kind.value)) for kind in EventKind]
ALL = frozenset(kind.value for kind in EventKind)
