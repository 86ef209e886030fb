"""What of each model is in an export. Every column is named here, with a reason if it is left out.

`tests/transfer/test_fields.py` compares this with the models: a new column, or a new model, has to be put
somewhere before it passes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import models

from billing.models import LedgerLine
from videos.models import (
    Batch,
    BatchRow,
    Character,
    Collection,
    CollectionItem,
    CollectionMember,
    PromptTemplate,
    ReferenceImage,
    ShareComment,
    ShareLink,
    Tag,
    Video,
    VideoReference,
    VideoTransition,
)

_KEY = "primary keys are the database's own; what is exported is named by public ids"
_DERIVED = "written anew from the other columns"
_LEASE = "a lease is a worker's, and nobody works on what is imported"
_SECRET = "a secret"  # noqa: S105  # the reason, not one
_PARENT = "the row is part of its parent's document"
_MEASURED = "measured when the files are stored"
_QUEUE = "nothing that is imported waits in a queue"


@dataclass(frozen=True)
class Kept:
    """The columns of a model that an export holds: as values, as the key of another row, or as a file.

    `nested` are told by other rows' documents or lists of them. `left_out` gives the reason for the rest.
    """

    model: type[models.Model]
    values: tuple[str, ...]
    links: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


VIDEO = Kept(
    Video,
    values=(
        *("public_id", "prompt", "model", "size", "seconds", "reference_fit", "parameters", "seed"),
        *("used_seed", "price", "price_samples", "charged", "charge_problem", "take", "takes", "take_group"),
        *("kind", "remixed_from", "source_seconds", "concat_with_source", "state", "progress", "revision"),
        *("error_code", "error_message", "error_detail", "backend_job_id", "attempts"),
        *("failed_submissions", "failed_downloads", "cancel_requested_at", "hops", "unaccounted_since"),
        *("working_seconds", "waiting_seconds", "answered_at", "poll_delay", "queued_at_backend"),
        *("late_since", "created_at", "attempted_at", "accepted_at", "generated_at", "finished_at"),
        *(
            "deadline_at",
            "trashed_at",
            "favourite",
            "rating",
            "chosen_at",
            "note",
            "scrub_frames",
            "scrub_columns",
            "width",
        ),
        *("height", "duration", "byte_count", "sha256", "container", "codec", "browser_byte_count"),
        *("browser_sha256", "browser_copied_at", "original_dropped_at", "original_codec", "kept"),
        *("retained_from", "job_deleted_at"),
    ),
    links=("owner", "backend", "reference", "last_frame", "batch", "source", "made_in"),
    files=("file", "poster", "scrub_sheet", "browser_file"),
    nested=("tags", "characters", "reference_images"),
    left_out={
        "id": _KEY,
        "search_text": _DERIVED,
        "lease_token": _LEASE,
        "lease_expires_at": _LEASE,
        "due_at": "nothing is done about an imported video by itself",
        "delete_job_at": "an import deletes nothing at a backend",
        "idempotency_key": "a request with it could be a second job",
        "deleted_at": "deleted videos are not exported",
        "queue_order": _QUEUE,
        "paused_at": _QUEUE,
        "retention_due_at": "its owner is told anew before anything moves",
        "purge_due_at": "what arrives in the trash stays there for as long as the studio says",
        "copy_due_at": "a copy is made when somebody asks for it",
        "picture_bytes": _MEASURED,
        "request_id": "the log that it leads to stays with its studio",
        "traceparent": "the traces that it leads to stay with their studio",
    },
)
REFERENCE = Kept(
    ReferenceImage,
    values=(
        *("public_id", "name", "content_type", "width", "height", "sha256", "created_at", "used_at"),
        "deleted_at",
    ),
    links=("owner",),
    files=("file", "thumbnail"),
    left_out={"id": _KEY, "search_text": _DERIVED, "byte_count": _MEASURED},
)
CHARACTER = Kept(
    Character,
    values=(
        *("public_id", "name", "backend_character_id", "error_message", "error_detail", "hops"),
        *("attempts", "created_at", "deleted_at"),
    ),
    links=("owner", "backend"),
    files=("file",),
    left_out={
        "id": _KEY,
        "search_text": _DERIVED,
        "lease_token": _LEASE,
        "due_at": "an import sends nothing to a backend",
        "byte_count": _MEASURED,
    },
)
TEMPLATE = Kept(
    PromptTemplate,
    values=(
        *("title", "category", "prompt", "picture", "model", "seconds", "size", "parameters", "enabled"),
        "position",
    ),
    links=("owner",),
    left_out={"id": "its number in the export stands for it", "search_text": _DERIVED},
)
BATCH = Kept(
    Batch,
    values=(
        *("public_id", "name", "state", "paused_at", "problem", "file_name", "digest", "row_count"),
        *("estimate", "unpriced", "warnings", "takes_new_prices", "agreed_left", "created_at"),
        *("started_at", "finished_at", "retry_before"),
    ),
    links=("owner",),
    files=("file",),
    left_out={"id": _KEY, "token": "API tokens are secrets, and not exported"},
)
BATCH_ROW = Kept(
    BatchRow,
    values=("number", "place", "key", "price", "state", "error"),
    links=("batch", "video"),
    nested=("request",),  # which names images and the collection by keys
    left_out={"id": _KEY},
)
COLLECTION = Kept(
    Collection,
    values=(
        *("public_id", "name", "description", "visibility", "model", "seconds", "size", "parameters"),
        *("created_at", "changed_at", "deleted_at"),
        *("retention", "retention_days", "trash_days"),
    ),
    links=("owner", "cover", "template"),
    nested=("videos", "members"),
    left_out={"id": _KEY, "search_text": _DERIVED},
)
MEMBER = Kept(
    CollectionMember,
    values=("role", "added_at"),
    links=("person",),
    left_out={"id": _KEY, "collection": _PARENT},
)
ITEM = Kept(
    CollectionItem,
    values=("added_at",),
    links=("collection", "added_by"),
    left_out={"id": _KEY, "video": _PARENT},
)
VIDEO_REFERENCE = Kept(
    VideoReference,
    values=("position",),
    links=("image",),
    left_out={"id": _KEY, "video": _PARENT},
)
TRANSITION = Kept(
    VideoTransition,
    values=("at", "old", "new", "error_code", "door", "username", "token_name", "task", "worker"),
    left_out={
        "id": _KEY,
        "video": _PARENT,
        "user_id": "found by the username",
        "token_id": "API tokens are secrets, and not exported; the name stays",
    },
)
TAG = Kept(Tag, values=("name",), left_out={"id": _KEY, "owner": "tags are part of their owner's document"})
SHARE_LINK = Kept(
    ShareLink,
    values=(
        *("public_id", "title", "shows_prompt", "allows_download", "allows_comments", "views"),
        *("created_at", "expires_at", "revoked_at"),
    ),
    links=("owner", "video", "collection"),
    left_out={"id": _KEY, "digest": _SECRET, "encrypted_secret": _SECRET, "password": _SECRET},
)
SHARE_COMMENT = Kept(
    ShareComment,
    values=("name", "text", "created_at"),
    links=("link", "video", "author"),
    left_out={"id": _KEY},
)
LEDGER_LINE = Kept(
    LedgerLine,
    values=(
        *("at", "kind", "transition", "reserved", "spent", "net", "confirms", "is_priced", "video"),
        *("attempt", "counts_at", "username", "role", "token_name", "collection_name", "model"),
        *("backend_name", "note", "decided_by"),
    ),
    nested=("collection_id", "budgets"),  # told by public ids and usernames
    left_out={
        "id": _KEY,
        "video_id": "found by the video's public id",
        "user_id": "found by the username",
        "backend_id": "found by the backend's name",
        "token_id": "API tokens are secrets, and not exported; the name stays",
    },
)

KEPT = (
    *(VIDEO, REFERENCE, CHARACTER, TEMPLATE, BATCH, BATCH_ROW, COLLECTION, MEMBER, ITEM, VIDEO_REFERENCE),
    *(TRANSITION, TAG, SHARE_LINK, SHARE_COMMENT, LEDGER_LINE),
)

_ACCESS = "says who may come in, or how: an export lets nobody in"
_BUDGETS = "budgets are the studio's settings, not somebody's work"
_PASSING = "of a moment, and over when the import begins"
_SETTINGS = "a setting of the studio's, set up by whoever runs it"
_JOBS = "of jobs at a backend that no video has"

NOT_EXPORTED = {
    "accounts.AccountDeletion": _ACCESS,
    "accounts.ApiToken": _ACCESS,
    "accounts.Invitation": _ACCESS,
    "accounts.OutgoingMail": _PASSING,
    "accounts.User": "people are named, with their role, tags and favourite models; no more",
    "audit.*": "says what was done here; `export_audit` writes it out",
    "billing.Budget": _BUDGETS,
    "billing.BudgetNotice": _BUDGETS,
    "billing.Discrepancy": "is found anew",
    "billing.InvitationBudget": _BUDGETS,
    "notifications.*": "told of what was new then",
    "webhooks.*": "endpoints have secrets, and are set up again",
    "videos.ApprovalRequest": "waits for, or tells of, a decision about what was asked for in this studio",
    "videos.PromptHelpCall": "a question that is under way; what it cost is in the ledger",
    "videos.Backend": "named, with what its kind is and whether it costs; its address and key are not",
    "videos.ConnectionDraft": _PASSING,
    "videos.DeletedRequest": _JOBS,
    "videos.DiscardedFile": _PASSING,
    "videos.Heartbeat": _PASSING,
    "videos.IdempotencyRecord": _PASSING,
    "videos.JobCandidate": _JOBS,
    "videos.MovedFile": _PASSING,
    "videos.OwnerQueue": "of a queue, and nothing that is imported waits in one",
    "videos.ReleasedJob": _JOBS,
    "videos.RetentionState": "by which this studio knows its own clock",
    "videos.StorageNotice": "told of what was stored here",
    "videos.StudioState": _SETTINGS,
    "videos.SubmissionRecord": "what this studio and its backends said, for its own operators",
    "videos.VideoModel": _SETTINGS,
    "videos.WebhookReceipt": _PASSING,
}
