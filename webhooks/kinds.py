"""The kinds of events that webhooks tell of, in people's words."""

from contentgen.events import EventKind

TEST = "webhook.test"  # what “Send test” sends, whatever kinds were chosen

_LABELS = {
    EventKind.VIDEO_COMPLETED: "A video is done",
    EventKind.VIDEO_FAILED: "A video failed",
    EventKind.VIDEO_NEEDS_ATTENTION: "A video needs attention",
    EventKind.BATCH_COMPLETED: "A batch is done",
    EventKind.BUDGET_WARNING: "A budget is nearly used up",
    EventKind.BUDGET_EXCEEDED: "A budget is used up",
    EventKind.APPROVAL_REQUESTED: "An approval is asked for",
    EventKind.APPROVAL_DECIDED: "An approval is decided",
    EventKind.COLLECTION_SHARED: "A collection is shared",
    EventKind.RETENTION_DUE: "Videos will move to the trash",
    EventKind.RETENTION_PAUSED: "Removal by age is paused",
    EventKind.STORAGE_WARNING: "Storage is nearly full",
    EventKind.STORAGE_FULL: "Storage is full",
}
CHOICES = [(kind.value, _LABELS.get(kind, kind.value)) for kind in EventKind]
ALL = frozenset(kind.value for kind in EventKind)
