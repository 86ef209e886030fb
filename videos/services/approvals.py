"""Requests whose price a manager has to approve: asking, deciding, and making what was approved."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, override

from accounts.models import Role, User
from accounts.roles import may_manage
from audit.trail import record
from audit.vocabulary import Action
from billing.errors import FIELD, ApprovalRequiredError, RefusedPaymentError
from billing.money import format_money
from billing.notices import tell_refusal
from billing.spender import ANY_PRICE, current_spender, spending
from contentgen.events import Event, EventKind, publish
from videos import subjects
from videos.engine import waiting_requests
from videos.models import ApprovalRequest, ApprovalState, IdempotencyRecord, Video
from videos.models.approval_request import NOTE_LIMIT
from videos.services.paid_requests import PaidRequest, read_request
from videos.validation import clean_text, has_visible_text, is_storable

MAX_WAITING = 50  # of one person: more than a manager reads
MAX_DATA_LENGTH = 4_000_000  # characters of one request, which a batch may have many of
TOKEN_GONE = gettext_noop("The API token of this request is no longer valid.")


class DecidedError(Exception):
    """The request waits no longer. Its text is a sentence for whoever wanted to decide."""


# --- Asking ------------------------------------------------------------------------------------------------


def create_or_ask(owner: User, wanted: PaidRequest) -> list[Video] | ApprovalRequest:
    """Carry out the request; where a manager has to approve its price, have it wait instead.

    Returns the videos, or what waits: nothing is reserved for it, and its images are kept. Where something
    waits for the same batch or resubmission already, that is returned. Raises as the service does, and
    `RefusedPaymentError` for somebody who has too many requests waiting.
    """
    with wanted.stored(owner) as stored:
        try:
            with transaction.atomic():
                return stored.carry_out(owner)
        except ApprovalRequiredError as error:
            return _ask(owner, stored, error)


def _ask(owner: User, wanted: PaidRequest, refusal: ApprovalRequiredError) -> ApprovalRequest:
    now = timezone.now()
    with transaction.atomic():
        kept = wanted.kept(owner)
        # Requests of one person take turns, so that the count holds.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if kept.identity and (waiting := _find_waiting(owner, kept.identity)):
            return waiting
        data = kept.as_data()
        _require_space(owner, data)
        token = current_spender().token
        approval = ApprovalRequest.objects.create(
            owner=owner,
            token=token,
            kind=kept.kind,
            data=data,
            prompt=clean_text(kept.prompt),
            model=kept.model,
            count=kept.count,
            batch=kept.about,
            price=refusal.price,
            is_priced=refusal.is_priced,
            requested_at=now,
            expires_at=now + timedelta(days=settings.APPROVAL_DAYS),
        )
        approval.images.set(kept.images)
        record(Action.REQUESTED, subjects.approval(approval))
        for manager in approvers():
            told = waiting_requests.describe(approval)
            publish(Event(EventKind.APPROVAL_REQUESTED, manager.pk, approval.public_id, told))
    return approval


def _find_waiting(owner: User, identity: Mapping[str, Any]) -> ApprovalRequest | None:
    """Return what waits already with these fields; what has waited too long is ended."""
    rows = ApprovalRequest.objects.owned_by(owner).for_lists()
    waiting = rows.filter(state=ApprovalState.WAITING, **identity).first()
    if waiting is not None and not waiting.is_waiting:
        waiting_requests.end(waiting.pk, ApprovalState.EXPIRED, now=timezone.now())
        return None
    return waiting


def _require_space(owner: User, data: object) -> None:
    if ApprovalRequest.objects.owned_by(owner).waiting().count() >= MAX_WAITING:
        raise RefusedPaymentError(
            gettext(
                "%(count)s of your requests wait for approval already. Withdraw one, or wait for a decision."
            )
            % {"count": MAX_WAITING}
        )
    if len(json.dumps(data)) > MAX_DATA_LENGTH:
        raise RefusedPaymentError(gettext("This is too much to be approved in one go. Split it."))


def approvers() -> QuerySet[User]:
    """Return everybody who may approve."""
    return User.objects.filter(Q(role=Role.MANAGER) | Q(is_superuser=True), is_active=True).order_by("pk")


def waiting_of(owner: User) -> list[ApprovalRequest]:
    """Return what the person waits for, newest first: at most `MAX_WAITING`."""
    return list(ApprovalRequest.objects.owned_by(owner).waiting().for_lists()[:MAX_WAITING])


def explain_wait(approval: ApprovalRequest) -> str:
    """Return in two sentences that the request waits, and for what."""
    values = {"price": format_money(approval.price)}
    if limit := settings.APPROVE_PRICE_ABOVE:
        values["limit"] = format_money(limit)
        cost = gettext("This costs %(price)s, and what costs more than %(limit)s needs a manager's approval.")
    else:
        cost = gettext("This costs %(price)s.")
    return f"{cost % values} {gettext('It waits for it, and nothing is paid so far.')}"


# --- Deciding ----------------------------------------------------------------------------------------------


def approve(public_id: str, by: User, note: str = "") -> ApprovalRequest:
    """Approve a waiting request, and create exactly what was asked for, at no more than its price.

    Where that is no longer possible, nothing is paid: its state is then `failed`, and `problem` says why.
    Raises `DecidedError` where it does not wait any more, as the second of two managers at the same moment is
    told, and `ValidationError` (`note`) for an unusable word.
    """
    word = _clean_note(note)
    with transaction.atomic():
        approval = _lock(public_id)
        now = timezone.now()
        try:
            with transaction.atomic(), override("en"):  # what is refused is kept, for its owner to read
                first = next(iter(_create(approval)), None)  # workers make those of a batch
        except ValidationError as error:
            tell_refusal(error)
            with override("en"):
                problem = _sentences(error)
            done = waiting_requests.end(
                approval.pk, ApprovalState.FAILED, now=now, decided_by=by, note=word, problem=problem
            )
        else:
            done = waiting_requests.end(
                approval.pk, ApprovalState.APPROVED, now=now, decided_by=by, note=word, video=first
            )
            IdempotencyRecord.objects.filter(approval=approval).update(video=first)
        if not done:
            raise DecidedError(_explain_decided(approval))
        approval.refresh_from_db()
    return approval


def decline(public_id: str, by: User, note: str) -> ApprovalRequest:
    """Decline a waiting request with a word of why. Raises as `approve` does."""
    word = _clean_note(note, is_required=True)
    with transaction.atomic():
        approval = _lock(public_id)
        waiting_requests.end(
            approval.pk, ApprovalState.DECLINED, now=timezone.now(), decided_by=by, note=word
        )
        approval.refresh_from_db()
    return approval


def withdraw(approval: ApprovalRequest) -> bool:
    """End one's own waiting request. Returns False if it was decided before."""
    return waiting_requests.end(approval.pk, ApprovalState.WITHDRAWN, now=timezone.now())


def ask_again(approval: ApprovalRequest) -> list[Video] | ApprovalRequest:
    """Ask once more for what ended without a video, at the price of now.

    Returns and raises as `create_or_ask` does, and raises for what is gone. The caller says what is paid
    (`spending`).
    """
    wanted = read_request(approval.owner, approval.kind, approval.data)
    return create_or_ask(approval.owner, wanted)


def may_decide(user: User) -> bool:
    """Whether the user may approve and decline."""
    return may_manage(user)


def _create(approval: ApprovalRequest) -> list[Video]:
    """Create what was asked for. Raises `ValidationError` with the reason why not."""
    if approval.token is not None and not approval.token.is_valid:
        raise ValidationError({FIELD: gettext(TOKEN_GONE)})
    # Its price bounds what is paid, so there is nothing left to confirm.
    with spending(
        token=approval.token,
        confirmed_price=ANY_PRICE,
        approved_price=approval.price,
        approves_unpriced=not approval.is_priced,
    ):
        return read_request(approval.owner, approval.kind, approval.data).carry_out(approval.owner)


def _lock(public_id: str) -> ApprovalRequest:
    """Return the waiting request, which nobody else decides until the transaction ends.

    Raises `DecidedError`.
    """
    rows = ApprovalRequest.objects.select_related("owner", "token", "decided_by")
    approval = rows.select_for_update(of=("self",)).get(public_id=public_id)
    if not approval.is_waiting:
        raise DecidedError(_explain_decided(approval))
    return approval


def _explain_decided(approval: ApprovalRequest) -> str:
    values = {"status": approval.status, "name": approval.decided_by}
    end = gettext("%(status)s by %(name)s.") if approval.decided_by else gettext("%(status)s.")
    return f"{gettext('This request does not wait any more.')} {end % values}"


def _sentences(error: ValidationError) -> str:
    if isinstance(error, RefusedPaymentError):
        return error.sentence
    return " ".join(error.messages)


def _clean_note(note: str, *, is_required: bool = False) -> str:
    word = clean_text(note) if is_storable(note) and has_visible_text(note) else ""
    if is_required and not word:
        raise ValidationError({"note": gettext("Say why, so that it can be asked for in another way.")})
    if len(word) > NOTE_LIMIT:
        raise ValidationError(
            {"note": gettext("This can have at most %(count)s characters.") % {"count": NOTE_LIMIT}}
        )
    return word
