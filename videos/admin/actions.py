"""What can be done with videos in the admin: with many from the list, or with one from its page."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.models import User
from videos.models import BatchState, State, Video
from videos.services.handing_over import can_be_handed_over, hand_over_video, make_private
from videos.services.library import move_to_trash
from videos.services.video_actions import (
    abandon_video,
    cancel_video,
    delete_video,
    recheck_video,
    resubmit_video,
    retry_video,
)


@dataclass(frozen=True)
class Outcome:
    """What became of videos: a phrase with places for their `count` and, in some, for `value`.

    The phrases are such that one and many read alike: “1 canceled”, “2 canceled”.
    """

    phrase: StrOrPromise
    value: str = ""

    def of(self, count: int) -> str:
        """Return the phrase for so many videos, in the active language."""
        return str(self.phrase) % {"count": count, "value": self.value}


WhyNot = Callable[[Video | None], Outcome]


@dataclass(frozen=True)
class VideoAction:
    """One action on videos, which a page asks about first.

    `done` and `why_not` count those that it changed and those that it did not.
    `is_possible` tells from a row whether the action makes sense; the service has the last word. `warning` is
    what the page says of it, `meaning` what the video's own page does.
    """

    name: str
    label: StrOrPromise
    meaning: StrOrPromise
    warning: StrOrPromise
    service: Callable[[Video], bool]
    is_possible: Callable[[Video], bool]
    done: Outcome
    why_not: WhyNot
    permission: str = "operate"
    is_paid: bool = False  # it submits a job, so the page says what that costs
    is_harmless: bool = False  # it costs nothing and can be undone, so its button is the default
    takes_owner: bool = False  # the page asks for a person


def is_shown_to_others(video: Video) -> bool:
    """Whether anybody but its owner is shown the video, which was read `with_audience`."""
    return bool(getattr(video, "is_shown_to_others", False))


def for_heir(action: VideoAction, heir: User) -> VideoAction:
    """Return the action of handing over, to `heir`."""
    return VideoAction(
        **{
            **vars(action),
            "service": lambda video: hand_over_video(video, heir),
            "is_possible": lambda video: can_be_handed_over(video, heir),
            "done": Outcome(_("%(count)d handed over to %(value)s"), str(heir)),
            "why_not": lambda video: _why_not_handed_over(video, heir),
        }
    )


def _is(video: Video, state: State) -> bool:
    return video.state == state


_GONE = Outcome(_("%(count)d had been deleted"))
_FINISHED = Outcome(_("%(count)d had already finished"))
_NOT_HANDED_OVER = Outcome(_("%(count)d not handed over"))
_CANCELED_BEFORE = Outcome(_("%(count)d had been canceled before"))
_NOT_FAILED = Outcome(_("%(count)d had not failed"))
_UNLISTED = Outcome(_("%(count)d at a backend that cannot list its jobs"))
_FOR_GOOD = Outcome(_("%(count)d failed for a reason that checking again cannot change"))
_IN_PROGRESS = Outcome(_("%(count)d still in progress"))
_OF_A_BATCH = Outcome(_("%(count)d part of a batch that has not ended"))
_WANTS_NOTHING = Outcome(_("%(count)d did not need attention"))
_QUEUED_AGAIN = Outcome(_("%(count)d queued again"))
_PRIVATE_ALREADY = Outcome(_("%(count)d shown to nobody else"))
_TRASHED_ALREADY = Outcome(_("%(count)d in the trash already"))
_TRASHED = Outcome(_("%(count)d in the trash"))
_WITHOUT_FILE = Outcome(_("%(count)d without a file"))
_DELETED_BEFORE = Outcome(_("%(count)d had been deleted before"))
_CHECKED = Outcome(_("%(count)d will be checked again"))
_CANCELED = Outcome(_("%(count)d canceled"))
_MARKED = Outcome(_("%(count)d marked as failed"))
_HANDED_OVER = Outcome(_("%(count)d handed over"))
_MADE_PRIVATE = Outcome(_("%(count)d made private"))
_MOVED = Outcome(_("%(count)d moved to the trash"))
_EXPORTED = Outcome(_("%(count)d exported"))
_DELETED = Outcome(_("%(count)d deleted"))
CANCELED_SOON = Outcome(
    _("%(count)d will be canceled as soon as it is known whether the backend accepted it")
)
UNREADABLE = Outcome(_("%(count)d could not be changed, because one of its files cannot be read"))


def not_paid_for(reason: str) -> Outcome:
    """Return that videos were not paid for, and why."""
    return Outcome(_("%(count)d not paid for: %(value)s"), reason)


def _why_not_canceled(video: Video | None) -> Outcome:
    if video is None or video.deleted_at:
        return _GONE
    return _CANCELED_BEFORE if video.is_in_flight or _is(video, State.CANCELED) else _FINISHED


def _why_not_retried(video: Video | None) -> Outcome:
    return _NOT_FAILED if video and not video.deleted_at else _GONE


def _why_not_checked(video: Video | None) -> Outcome:
    if video is None or video.deleted_at:
        return _GONE
    if video.needs_decision:
        return _UNLISTED
    if video.state != State.FAILED:
        return _NOT_FAILED
    return _FOR_GOOD


def _why_not_handed_over(video: Video | None, heir: User | None = None) -> Outcome:
    if video is None or video.deleted_at:
        return _GONE
    if video.is_in_flight:
        return _IN_PROGRESS
    if heir is not None and video.owner_id == heir.pk:
        return Outcome(_("%(count)d %(value)s's already"), str(heir))
    if video.batch is not None and video.batch.state != BatchState.COMPLETED:
        return _OF_A_BATCH
    return _NOT_HANDED_OVER


CHECK_AGAIN = VideoAction(
    name="check_again",
    label=_("Check again"),
    meaning=_("looks up the backend's job once more. Nothing is submitted or charged."),
    warning=_(
        "The backend is asked about these jobs once more. Nothing is submitted, and nothing is charged."
    ),
    service=recheck_video,
    is_possible=lambda video: video.can_check_again,
    done=_CHECKED,
    why_not=_why_not_checked,
    is_harmless=True,
)
RETRY = VideoAction(
    name="retry",
    label=_("Retry (may be charged again)"),
    meaning=_("submits a new job. This may be charged again."),
    service=retry_video,
    is_possible=lambda video: video.can_retry,
    done=_QUEUED_AGAIN,
    why_not=_why_not_retried,
    is_paid=True,
    warning=_(
        "Each of these videos will be submitted to its backend as a new job. This may be charged again."
    ),
)
CANCEL = VideoAction(
    name="cancel",
    label=pgettext_lazy("video", "Cancel"),
    meaning=_(
        "stops the video and asks the backend to delete the job. Charges already made by the backend remain."
    ),
    warning=_(
        "These videos are stopped, and their backends are asked to delete the jobs. What was reserved "
        "for queued ones is given back; what a backend has charged stays charged."
    ),
    service=cancel_video,
    is_possible=lambda video: video.can_cancel,
    done=_CANCELED,
    why_not=_why_not_canceled,
)
SUBMIT_AGAIN = VideoAction(
    name="submit_again",
    label=_("Submit again (may be charged twice)"),
    meaning=_("queues it again although the backend may have received it before. It may be charged twice."),
    service=resubmit_video,
    is_possible=lambda video: video.needs_decision,
    done=_QUEUED_AGAIN,
    why_not=lambda video: _WANTS_NOTHING,
    is_paid=True,
    warning=_(
        "We couldn't confirm that the backend received these jobs. If it did, submitting them again "
        "means that they are charged twice. Check the backend's own list of jobs first."
    ),
)
GIVE_UP = VideoAction(
    name="give_up",
    label=_("Mark as failed"),
    meaning=_("stops looking for the job. If the backend did receive it, its result is lost."),
    service=abandon_video,
    is_possible=lambda video: video.needs_decision,
    done=_MARKED,
    why_not=lambda video: _WANTS_NOTHING,
    warning=_(
        "These videos will be marked as failed. If the backend did receive their jobs, the results "
        "are lost. What was reserved for them counts as spent."
    ),
)
HAND_OVER = VideoAction(
    name="hand_over",
    label=_("Change owner"),
    meaning=_("gives the video to somebody else."),
    warning=_(
        "Prompt, files, note, tags and reference images go along. The ledger keeps who paid, share links "
        "stop working, and collections that the new owner cannot see lose the video. The new owner finds "
        "it in the library and is not notified: tell them."
    ),
    service=lambda video: False,  # `for_heir` says to whom
    is_possible=lambda video: _why_not_handed_over(video) == _NOT_HANDED_OVER,
    done=_HANDED_OVER,
    why_not=_why_not_handed_over,
    permission="hand_over",
    takes_owner=True,
)
MAKE_PRIVATE = VideoAction(
    name="make_private",
    label=_("Make private"),
    meaning=_("takes it out of collections that others see, and revokes its share links."),
    warning=_(
        "These videos leave every collection that somebody else can see, and their share links stop "
        "working for good. Managers and staff still see them."
    ),
    service=make_private,
    is_possible=is_shown_to_others,
    done=_MADE_PRIVATE,
    why_not=lambda video: _PRIVATE_ALREADY if video and not video.deleted_at else _GONE,
)
TRASH = VideoAction(
    name="move_to_trash",
    label=_("Move to trash"),
    meaning=_("moves it to its owner's trash, where it can be restored for a while."),
    warning=_(
        "These videos move to their owners' trash, from where they can be restored until it is emptied. "
        "Those in progress are canceled; what a backend has charged stays charged."
    ),
    service=lambda video: move_to_trash([video]) == 1,
    is_possible=lambda video: video.trashed_at is None,
    done=_MOVED,
    why_not=lambda video: _TRASHED_ALREADY if video and not video.deleted_at else _GONE,
)
EXPORT = VideoAction(
    name="export",
    label=_("Export as ZIP"),
    meaning=_("downloads the file with a JSON file beside it."),
    warning=_(
        "Each file comes with a JSON file that says how it was made. The archive is written while it is "
        "sent, and downloading it is noted in the audit log. Private notes, tags and images stay with their "
        "owners."
    ),
    service=lambda video: False,  # the page's buttons send the archive
    is_possible=lambda video: bool(video.file) and video.trashed_at is None,
    done=_EXPORTED,
    why_not=lambda video: _TRASHED if video and video.trashed_at else _WITHOUT_FILE,
    permission="view",
    is_harmless=True,
)
DELETE = VideoAction(
    name="delete_selected",  # replaces the admin's own, which would leave files and jobs behind
    label=_("Delete for good"),
    meaning=_("removes the video, its files and the backend's job. This cannot be undone."),
    service=delete_video,
    is_possible=lambda video: True,
    done=_DELETED,
    why_not=lambda video: _DELETED_BEFORE,
    permission="delete",
    warning=_(
        "These videos and their files are deleted immediately, and their backend jobs where supported. "
        "Videos in progress are canceled first. This cannot be undone."
    ),
)
RECOVERY_ACTIONS = (CHECK_AGAIN, RETRY, CANCEL, SUBMIT_AGAIN, GIVE_UP)
VIDEO_ACTIONS = (*RECOVERY_ACTIONS, HAND_OVER, MAKE_PRIVATE, TRASH, EXPORT, DELETE)
