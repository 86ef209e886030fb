"""The models, one to a file."""

from videos.models.approval_request import ApprovalRequest, ApprovalState, RequestKind
from videos.models.backend import Backend
from videos.models.batch import Batch, BatchRow, BatchState, RowState
from videos.models.character import Character
from videos.models.collection import (
    Collection,
    CollectionItem,
    CollectionMember,
    CollectionRole,
    Retention,
    Visibility,
)
from videos.models.connection_draft import ConnectionDraft
from videos.models.heartbeat import Heartbeat
from videos.models.idempotency_record import IdempotencyRecord
from videos.models.job import DeletedRequest, JobCandidate, ReleasedJob
from videos.models.keeping import DiscardedFile, NoticeKind, RetentionState, StorageNotice
from videos.models.moved_file import MovedFile
from videos.models.owner_queue import OwnerQueue
from videos.models.prompt_help import PromptHelpCall
from videos.models.prompt_template import PromptTemplate
from videos.models.reference_image import Fit, ReferenceImage
from videos.models.share_comment import ShareComment
from videos.models.share_link import ShareLink
from videos.models.state import IN_FLIGHT, Kind, State
from videos.models.studio_state import HoldReason, StudioState
from videos.models.submission_record import SubmissionRecord
from videos.models.tag import Tag
from videos.models.video import Video
from videos.models.video_model import VideoModel
from videos.models.video_reference import VideoReference
from videos.models.video_transition import VideoTransition
from videos.models.webhook_receipt import WebhookReceipt

__all__ = [
    "IN_FLIGHT",
    "ApprovalRequest",
    "ApprovalState",
    "Backend",
    "Batch",
    "BatchRow",
    "BatchState",
    "Character",
    "Collection",
    "CollectionItem",
    "CollectionMember",
    "CollectionRole",
    "ConnectionDraft",
    "DeletedRequest",
    "DiscardedFile",
    "Fit",
    "Heartbeat",
    "HoldReason",
    "IdempotencyRecord",
    "JobCandidate",
    "Kind",
    "MovedFile",
    "NoticeKind",
    "OwnerQueue",
    "PromptHelpCall",
    "PromptTemplate",
    "ReferenceImage",
    "ReleasedJob",
    "RequestKind",
    "Retention",
    "RetentionState",
    "RowState",
    "ShareComment",
    "ShareLink",
    "State",
    "StorageNotice",
    "StudioState",
    "SubmissionRecord",
    "Tag",
    "Video",
    "VideoModel",
    "VideoReference",
    "VideoTransition",
    "Visibility",
    "WebhookReceipt",
]
