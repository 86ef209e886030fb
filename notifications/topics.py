"""What people are told of, and by which ways unless they choose otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from contentgen.events import EventKind


class Topic(StrEnum):
    """What a person decides about together: one row of the preferences."""

    DONE = "done"
    FAILED = "failed"
    ATTENTION = "attention"
    BATCH = "batch"
    APPROVAL = "approval"
    BUDGET = "budget"
    SHARED = "shared"
    KEEPING = "keeping"


TOPIC_OF: dict[EventKind, Topic] = {
    EventKind.VIDEO_COMPLETED: Topic.DONE,
    EventKind.VIDEO_FAILED: Topic.FAILED,
    EventKind.VIDEO_NEEDS_ATTENTION: Topic.ATTENTION,
    EventKind.BATCH_COMPLETED: Topic.BATCH,
    EventKind.BUDGET_WARNING: Topic.BUDGET,
    EventKind.BUDGET_EXCEEDED: Topic.BUDGET,
    EventKind.APPROVAL_REQUESTED: Topic.APPROVAL,
    EventKind.APPROVAL_DECIDED: Topic.APPROVAL,
    EventKind.COLLECTION_SHARED: Topic.SHARED,
    EventKind.RETENTION_DUE: Topic.KEEPING,
    EventKind.RETENTION_PAUSED: Topic.KEEPING,
    EventKind.STORAGE_WARNING: Topic.KEEPING,
    EventKind.STORAGE_FULL: Topic.KEEPING,
}
if set(TOPIC_OF) != set(EventKind):
    raise RuntimeError("TOPIC_OF must name every kind of event")

VIDEO_KINDS = (EventKind.VIDEO_COMPLETED, EventKind.VIDEO_FAILED, EventKind.VIDEO_NEEDS_ATTENTION)
# Work that takes long: somebody who is here sees that it is done.
AWAY_ONLY = frozenset({Topic.DONE, Topic.BATCH})


class Channel(StrEnum):
    """A way to tell somebody."""

    INBOX = "inbox"
    BROWSER = "browser"
    EMAIL = "email"

    @property
    def label(self) -> str:
        """What people call it, within a sentence."""
        labels = {
            Channel.INBOX: gettext("inbox"),
            Channel.BROWSER: gettext("browser"),
            Channel.EMAIL: gettext("email"),
        }
        return labels[self]


@dataclass(frozen=True)
class TopicInfo:
    """What the preferences say of a topic, and the ways that are on at first."""

    label: StrOrPromise
    note: StrOrPromise
    email: bool
    inbox: bool = True
    browser: bool = True

    def is_on(self, channel: Channel) -> bool:
        return {Channel.INBOX: self.inbox, Channel.BROWSER: self.browser, Channel.EMAIL: self.email}[channel]


TOPICS: Mapping[Topic, TopicInfo] = {
    Topic.DONE: TopicInfo(
        _("A video is ready"), _("By email only if it took long and you are away."), email=True
    ),
    Topic.FAILED: TopicInfo(_("A video failed"), "", email=False),
    Topic.ATTENTION: TopicInfo(_("A video needs attention"), _("It waits until you decide."), email=True),
    Topic.BATCH: TopicInfo(_("A batch is done"), _("By email only if you are away."), email=True),
    Topic.APPROVAL: TopicInfo(_("Approvals"), _("You are asked for one, or yours is decided."), email=True),
    Topic.BUDGET: TopicInfo(_("Budgets"), _("One is almost used up, or used up."), email=True),
    Topic.SHARED: TopicInfo(_("Something is shared with you"), "", email=False, browser=False),
    Topic.KEEPING: TopicInfo(
        _("Storage"),
        _("Old videos will move to the trash, or your storage fills up."),
        email=True,
        browser=False,
    ),
}
