"""One decision about many videos at once: cancel, retry, check again, submit again, give up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from videos.models import ApprovalRequest, RequestKind, Video
from videos.services.approvals import create_or_ask
from videos.services.paid_requests import Resubmission, VideoChangedError
from videos.services.video_actions import abandon_video, cancel_video, recheck_video


@dataclass(frozen=True)
class BulkAction:
    """Something that can be done with each of many videos.

    `is_paid` says that it submits a job, which may cost. `apply` carries it out, and returns False for a
    video that has changed meanwhile, or what waits until a manager approves its price; each video is a
    transaction of its own.
    """

    is_paid: bool
    is_possible_for: Callable[[Video], bool]
    apply: Callable[[Video], bool | ApprovalRequest]


def _submit(kind: RequestKind, video: Video) -> bool | ApprovalRequest:
    try:
        made = create_or_ask(video.owner, Resubmission(kind, video))
    except VideoChangedError:
        return False
    return made if isinstance(made, ApprovalRequest) else True


BULK_ACTIONS = {
    "check-again": BulkAction(False, lambda video: video.can_check_again, recheck_video),
    "retry": BulkAction(True, lambda video: video.can_retry, partial(_submit, RequestKind.RETRY)),
    "submit-again": BulkAction(
        True, lambda video: video.needs_decision, partial(_submit, RequestKind.SUBMIT_AGAIN)
    ),
    "give-up": BulkAction(False, lambda video: video.needs_decision, abandon_video),
    "cancel": BulkAction(False, lambda video: video.can_cancel and not video.needs_decision, cancel_video),
}


def can_act(action: BulkAction, video: Video) -> bool:
    """Whether the action is possible for the video as it was read. In the trash, nothing is."""
    return video.trashed_at is None and action.is_possible_for(video)


def act(action: BulkAction, video: Video) -> bool | ApprovalRequest:
    """Carry out the action if it is still possible. Returns whether it was, or what waits for approval.

    What was read may be old: the lifecycle decides, by what is true now. Raises `ValidationError` where the
    owner may not have it, `RefusedPaymentError` where it may not be paid for.
    """
    return can_act(action, video) and action.apply(video)


def select_possible(action: BulkAction, videos: Iterable[Video]) -> list[Video]:
    """Return those of the videos that the action is possible for."""
    return [video for video in videos if can_act(action, video)]
