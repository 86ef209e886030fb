"""The states of a video and the transitions between them: the only code that writes `Video.state`.

Every function is one compare-and-set: it names the state it expects (and the lease, where a worker holds
one) in the WHERE of a single UPDATE, and returns whether this caller made the change. False is a normal
outcome: somebody else got there first, and the caller stops. No function saves a loaded object, so a stale
one does no harm.
"""

from videos.lifecycle.adoption import adopt_named
from videos.lifecycle.generation import (
    Answer,
    PollResult,
    begin_storing,
    fail_generation,
    hasten_poll,
    record_polls,
)
from videos.lifecycle.late import begin_storing_late, download_again, record_late_check, time_out
from videos.lifecycle.owner_actions import (
    apply_pending_cancellations,
    cancel,
    cancel_queued,
    check_again,
    delete,
    remove,
    retry,
)
from videos.lifecycle.payments import (
    Wanted,
    move_to,
    record_surplus_job,
    release_unconfirmed,
    require_agreed,
    require_payable,
    reserve,
)
from videos.lifecycle.prompt_help import (
    begin_prompt_help,
    end_lost_prompt_help,
    fail_prompt_help,
    finish_prompt_help,
    lose_prompt_help,
)
from videos.lifecycle.restored import create_adopted, create_restored, restore_ledger
from videos.lifecycle.storing import (
    claim_storing,
    complete,
    create_imported,
    fail_storing,
    hand_back_storing,
    postpone_storing,
    renew_lease,
)
from videos.lifecycle.submission import (
    accept,
    adopt,
    claim,
    claim_repeat,
    holds_lease,
    mark_still_uncertain,
    mark_uncertain,
    refuse,
    requeue,
)
from videos.lifecycle.transition_log import log_created
from videos.lifecycle.transition_log import prune as prune_transitions
from videos.lifecycle.transitions import TRANSITIONS
from videos.lifecycle.uncertain import (
    abandon,
    adopt_candidate,
    await_decision,
    fail_absent,
    forget_drawn_seed,
    mark_unaccounted,
    requeue_absent,
    reschedule_search,
    search_again,
    submit_again,
)

__all__ = [
    "TRANSITIONS",
    "Answer",
    "PollResult",
    "Wanted",
    "abandon",
    "accept",
    "adopt",
    "adopt_candidate",
    "adopt_named",
    "apply_pending_cancellations",
    "await_decision",
    "begin_prompt_help",
    "begin_storing",
    "begin_storing_late",
    "cancel",
    "cancel_queued",
    "check_again",
    "claim",
    "claim_repeat",
    "claim_storing",
    "complete",
    "create_adopted",
    "create_imported",
    "create_restored",
    "delete",
    "download_again",
    "end_lost_prompt_help",
    "fail_absent",
    "fail_generation",
    "fail_prompt_help",
    "fail_storing",
    "finish_prompt_help",
    "forget_drawn_seed",
    "hand_back_storing",
    "hasten_poll",
    "holds_lease",
    "log_created",
    "lose_prompt_help",
    "mark_still_uncertain",
    "mark_unaccounted",
    "mark_uncertain",
    "move_to",
    "postpone_storing",
    "prune_transitions",
    "record_late_check",
    "record_polls",
    "record_surplus_job",
    "refuse",
    "release_unconfirmed",
    "remove",
    "renew_lease",
    "requeue",
    "requeue_absent",
    "require_agreed",
    "require_payable",
    "reschedule_search",
    "reserve",
    "restore_ledger",
    "retry",
    "search_again",
    "submit_again",
    "time_out",
]
