"""What can be done with videos in the admin: with many from the list, or with one from its page."""

from collections.abc import Callable
from dataclasses import dataclass

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

WhyNot = Callable[[Video | None], str]


@dataclass(frozen=True)
class VideoAction:
    """One action on videos, which a page asks about first.

    `done` and `why_not` finish the sentences "2 …" and "1 …" for those it changed and those it did not.
    `is_possible` tells from a row whether the action makes sense; the service has the last word. `warning` is
    what the page says of it, `meaning` what the video's own page does.
    """

    name: str
    label: str
    meaning: str
    warning: str
    service: Callable[[Video], bool]
    is_possible: Callable[[Video], bool]
    done: str
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
            "done": f"handed over to {heir}",
            "why_not": lambda video: _why_not_handed_over(video, heir),
        }
    )


def _is(video: Video, state: State) -> bool:
    return video.state == state


_GONE = "had been deleted"
_FINISHED = "had already finished"
_NOT_HANDED_OVER = "not handed over"


def _why_not_canceled(video: Video | None) -> str:
    if video is None or video.deleted_at:
        return _GONE
    return "had been canceled before" if video.is_in_flight or _is(video, State.CANCELED) else _FINISHED


def _why_not_retried(video: Video | None) -> str:
    return "had not failed" if video and not video.deleted_at else _GONE


def _why_not_checked(video: Video | None) -> str:
    if video is None or video.deleted_at:
        return _GONE
    if video.needs_decision:
        return "at a backend that cannot list its jobs"
    if video.state != State.FAILED:
        return "had not failed"
    return "failed for a reason that checking again cannot change"


def _why_not_handed_over(video: Video | None, heir: User | None = None) -> str:
    if video is None or video.deleted_at:
        return _GONE
    if video.is_in_flight:
        return "still in progress"
    if heir is not None and video.owner_id == heir.pk:
        return f"{heir}'s already"
    if video.batch is not None and video.batch.state != BatchState.COMPLETED:
        return "part of a batch that has not ended"
    return _NOT_HANDED_OVER


CHECK_AGAIN = VideoAction(
    name="check_again",
    label="Check again",
    meaning="looks up the backend's job once more. Nothing is submitted or charged.",
    warning="The backend is asked about these jobs once more. Nothing is submitted, and nothing is charged.",
    service=recheck_video,
    is_possible=lambda video: video.can_check_again,
    done="will be checked again",
    why_not=_why_not_checked,
    is_harmless=True,
)
RETRY = VideoAction(
    name="retry",
    label="Retry (may be charged again)",
    meaning="submits a new job. This may be charged again.",
    service=retry_video,
    is_possible=lambda video: video.can_retry,
    done="queued again",
    why_not=_why_not_retried,
    is_paid=True,
    warning="Each of these videos will be submitted to its backend as a new job. This may be charged again.",
)
CANCEL = VideoAction(
    name="cancel",
    label="Cancel",
    meaning="stops the video and asks the backend to delete the job. Charges already made by the backend "
    "remain.",
    warning="These videos are stopped, and their backends are asked to delete the jobs. What was reserved "
    "for queued ones is given back; what a backend has charged stays charged.",
    service=cancel_video,
    is_possible=lambda video: video.can_cancel,
    done="canceled",
    why_not=_why_not_canceled,
)
SUBMIT_AGAIN = VideoAction(
    name="submit_again",
    label="Submit again (may be charged twice)",
    meaning="queues it again although the backend may have received it before. It may be charged twice.",
    service=resubmit_video,
    is_possible=lambda video: video.needs_decision,
    done="queued again",
    why_not=lambda video: "did not need attention",
    is_paid=True,
    warning="We couldn't confirm that the backend received these jobs. If it did, submitting them again "
    "means that they are charged twice. Check the backend's own list of jobs first.",
)
GIVE_UP = VideoAction(
    name="give_up",
    label="Mark as failed",
    meaning="stops looking for the job. If the backend did receive it, its result is lost.",
    service=abandon_video,
    is_possible=lambda video: video.needs_decision,
    done="marked as failed",
    why_not=lambda video: "did not need attention",
    warning="These videos will be marked as failed. If the backend did receive their jobs, the results "
    "are lost. What was reserved for them counts as spent.",
)
HAND_OVER = VideoAction(
    name="hand_over",
    label="Change owner",
    meaning="gives the video to somebody else.",
    warning="Prompt, files, note, tags and reference images go along. The ledger keeps who paid, share links "
    "stop working, and collections that the new owner cannot see lose the video. The new owner finds it in "
    "the library and is not notified: tell them.",
    service=lambda video: False,  # `for_heir` says to whom
    is_possible=lambda video: _why_not_handed_over(video) == _NOT_HANDED_OVER,
    done="handed over",
    why_not=_why_not_handed_over,
    permission="hand_over",
    takes_owner=True,
)
MAKE_PRIVATE = VideoAction(
    name="make_private",
    label="Make private",
    meaning="takes it out of collections that others see, and revokes its share links.",
    warning="These videos leave every collection that somebody else can see, and their share links stop "
    "working for good. Managers and staff still see them.",
    service=make_private,
    is_possible=is_shown_to_others,
    done="made private",
    why_not=lambda video: "shown to nobody else" if video and not video.deleted_at else _GONE,
)
TRASH = VideoAction(
    name="move_to_trash",
    label="Move to trash",
    meaning="moves it to its owner's trash, where it can be restored for a while.",
    warning="These videos move to their owners' trash, from where they can be restored until it is emptied. "
    "Those in progress are canceled; what a backend has charged stays charged.",
    service=lambda video: move_to_trash([video]) == 1,
    is_possible=lambda video: video.trashed_at is None,
    done="moved to the trash",
    why_not=lambda video: "in the trash already" if video and not video.deleted_at else _GONE,
)
EXPORT = VideoAction(
    name="export",
    label="Export as ZIP",
    meaning="downloads the file with a JSON file beside it.",
    warning="Each file comes with a JSON file that says how it was made. The archive is written while it is "
    "sent, and downloading it is noted in the audit log. Private notes, tags and images stay with their "
    "owners.",
    service=lambda video: False,  # the page's buttons send the archive
    is_possible=lambda video: bool(video.file) and video.trashed_at is None,
    done="exported",
    why_not=lambda video: "in the trash" if video and video.trashed_at else "without a file",
    permission="view",
    is_harmless=True,
)
DELETE = VideoAction(
    name="delete_selected",  # replaces the admin's own, which would leave files and jobs behind
    label="Delete for good",
    meaning="removes the video, its files and the backend's job. This cannot be undone.",
    service=delete_video,
    is_possible=lambda video: True,
    done="deleted",
    why_not=lambda video: "had been deleted before",
    permission="delete",
    warning="These videos and their files are deleted immediately, and their backend jobs where supported. "
    "Videos in progress are canceled first. This cannot be undone.",
)
RECOVERY_ACTIONS = (CHECK_AGAIN, RETRY, CANCEL, SUBMIT_AGAIN, GIVE_UP)
VIDEO_ACTIONS = (*RECOVERY_ACTIONS, HAND_OVER, MAKE_PRIVATE, TRASH, EXPORT, DELETE)
