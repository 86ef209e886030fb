"""Deleting an account: asked for, called off, accepted, and carried out when its time has come.

Other rooms hear of it by two signals, and do what is theirs. Both are sent again, by each tick, until nothing
of the person's is left, because a backend may have to answer first: receivers do what they can each time, in
transactions of their own.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import ManyToOneRel, ProtectedError, RestrictedError
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, override

from accounts import deactivation, roles, subjects
from accounts.models import AccountDeletion, User, WorkChoice
from audit.models import Entry
from audit.trail import record
from audit.vocabulary import Action, Door, Kind
from contentgen.stored_texts import sentence

logger = logging.getLogger(__name__)

BATCH = 20  # accounts looked at in one tick

# What a deletion waits for: stored in English.
_NOT_ACCEPTED = gettext_noop("Nobody has accepted the work yet.")
_DECLINED = sentence(gettext_noop("%(heir)s declined. Choose somebody else."), alone=True)
_WAITS = sentence(gettext_noop("Waits for %(rows)s."), alone=True)
_UNABLE = sentence(gettext_noop("%(heir)s can't take the work any more. Choose somebody else."), alone=True)

# Sent with `user` and `heir`: give what is the user's to the heir.
work_handed_over = Signal()
# Sent with `user`: delete what is the user's, as far as it can be by now.
work_deleted = Signal()


def find_obstacle(user: User) -> str:
    """Return in an English sentence why the account can't be deleted; empty if it can."""
    return deactivation.ONLY_SUPERUSER if deactivation.is_only_superuser(user) else ""


def schedule(user: User, work: WorkChoice, *, heir_name: str = "", by: User | None = None) -> AccountDeletion:
    """Schedule the deletion of the account, in place of what was scheduled before, and return it.

    `heir_name` is the username of whoever is to get the work, who has to accept. `by` is a member of staff
    who does it for somebody: that account is blocked at once, and the heir is not asked. Raises
    `ValidationError`, by field (`heir`) or about the whole.
    """
    if obstacle := find_obstacle(user):
        raise ValidationError(gettext(obstacle))
    heir = _find_heir(user, heir_name) if work == WorkChoice.HAND_OVER else None
    now = timezone.now()
    with transaction.atomic():
        AccountDeletion.objects.filter(user=user, started_at=None).delete()
        if AccountDeletion.objects.filter(user=user).exists():
            raise ValidationError(gettext("This account is being deleted already."))
        deletion = AccountDeletion.objects.create(
            user=user,
            work=work,
            heir=heir,
            by_staff=by is not None,
            requested_at=now,
            due_at=now + timedelta(days=settings.ACCOUNT_DELETION_DAYS),
            accepted_at=now if by else None,
        )
        record(Action.DELETION_SCHEDULED, subjects.person(user), note=_describe_work(deletion), by=by)
        if by is not None and user.is_active:
            _block(user)
    return deletion


def _describe_work(deletion: AccountDeletion) -> str:
    """Return what becomes of the work, for the audit log, which is in English."""
    with override("en"):
        work = deletion.get_work_display().lower()
    return f"Work: {work} to {deletion.heir}." if deletion.heir else f"Work: {work}."


def call_off(user: User, *, by: User | None = None) -> bool:
    """Keep the account after all. Returns False where nothing was scheduled, or it is under way already."""
    with transaction.atomic():
        called_off = AccountDeletion.objects.filter(user=user, started_at=None).delete()[0]
        if called_off:
            record(Action.DELETION_CALLED_OFF, subjects.person(user), by=by)
    return bool(called_off)


def answer(heir: User, deletion_id: int, *, accept: bool) -> bool:
    """Accept or decline what is offered to `heir`. Returns False where it is not offered any more.

    Who declined is no heir any more: the account stays until its owner has chosen somebody else.
    """
    if accept:
        roles.require_creator(heir)
    offered = AccountDeletion.objects.filter(pk=deletion_id, heir=heir, accepted_at=None, started_at=None)
    with transaction.atomic():
        deletion = offered.select_for_update(of=("self",)).select_related("user").first()
        if deletion is None:
            return False
        deletion.accepted_at = timezone.now() if accept else None
        deletion.heir = heir if accept else None
        deletion.problem = "" if accept else _DECLINED % {"heir": heir}
        deletion.save(update_fields=["accepted_at", "heir", "problem"])
        action = Action.ACCEPTED if accept else Action.DECLINED
        record(
            action, subjects.person(deletion.user), note=gettext_noop("The work of an account to be deleted.")
        )
    return True


def carry_out_due() -> int:
    """Carry out what is due, as far as it goes by now. Returns how many accounts are gone."""
    due = AccountDeletion.objects.filter(due_at__lte=timezone.now()).order_by("due_at")
    return sum(_carry_out(pk) for pk in due.values_list("pk", flat=True)[:BATCH])


def _carry_out(pk: int) -> bool:
    """Go on with one deletion. Returns whether the account is gone."""
    deletion = AccountDeletion.objects.select_related("user", "heir").filter(pk=pk).first()
    if deletion is None or not _start(deletion):
        return False
    user = deletion.user
    if deletion.work == WorkChoice.HAND_OVER:
        work_handed_over.send(sender=User, user=user, heir=deletion.heir)
    else:
        work_deleted.send(sender=User, user=user)
    return _delete_account(user)


def _start(deletion: AccountDeletion) -> bool:
    """Pass the point of no return, if everything is decided: the person is signed out for good."""
    if deletion.started_at is not None:
        return True
    with transaction.atomic():
        # In one order, so that of two superusers who leave at once one stays.
        list(User.objects.select_for_update().filter(is_superuser=True).order_by("pk").values_list("pk"))
        found = AccountDeletion.objects.select_for_update(of=("self",)).select_related("user", "heir")
        current = found.filter(pk=deletion.pk).first()
        if current is None or (problem := _find_problem(current)):
            AccountDeletion.objects.filter(pk=deletion.pk).update(problem=problem if current else "")
            return False
        AccountDeletion.objects.filter(pk=deletion.pk).update(started_at=timezone.now(), problem="")
        if current.user.is_active:
            _block(current.user)
    deletion.refresh_from_db()
    return True


def _find_problem(deletion: AccountDeletion) -> str:
    """Return what keeps the deletion from starting, in an English sentence; empty if nothing does."""
    if not deletion.is_decided:
        return deletion.problem or _NOT_ACCEPTED
    if deletion.heir is not None and not roles.may_create(deletion.heir):
        return _UNABLE % {"heir": deletion.heir}
    return find_obstacle(deletion.user)


def _block(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.is_active = False
    deactivation.end_access(user)


def _delete_account(user: User) -> bool:
    """Delete the account if nothing needs it any more; else say what it waits for."""
    if problem := _find_remains(user):
        AccountDeletion.objects.filter(user=user).update(problem=problem)
        return False
    try:
        with transaction.atomic():
            _keep_admin_history(user)
            record(Action.DELETED, subjects.person(user))
            user.delete()
    except (ProtectedError, RestrictedError):  # something came at this very moment: the next tick sees it
        return False
    logger.info("An account was deleted for good, as it had been scheduled")
    return True


def _find_remains(user: User) -> str:
    """Return in a sentence what still belongs to the person and keeps the account; empty if nothing does.

    Counted in the database: Django would read each of the rows to refuse them.
    """
    remains: list[tuple[str, str]] = []
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel) and relation.on_delete in (models.PROTECT, models.RESTRICT):
            rows: Any = relation.related_model
            if count := rows._base_manager.filter(**{relation.field.name: user}).count():
                names = rows._meta.verbose_name if count == 1 else rows._meta.verbose_name_plural
                remains.append((str(names), f"{count:,} {names}"))
    listed = " and ".join(words for _, words in sorted(remains))
    return (_WAITS % {"rows": listed})[:500] if remains else ""


def _keep_admin_history(user: User) -> None:
    """Copy what the person did in the admin into the audit log: Django's history goes with the account."""
    entries = LogEntry.objects.filter(user=user).order_by("pk")
    for chunk in _chunks(list(entries.values_list("pk", flat=True)), 500):
        rows = LogEntry.objects.filter(pk__in=chunk).order_by("pk")
        with override("en"):  # as the log is kept
            Entry.objects.bulk_create([_from_history(row, user) for row in rows])


def _from_history(row: LogEntry, user: User) -> Entry:
    actions = {1: Action.CREATED, 2: Action.CHANGED, 3: Action.DELETED, 4: Action.VIEWED}
    return Entry(
        at=row.action_time,
        action=actions.get(row.action_flag, Action.CHANGED),
        user_id=user.pk,
        username=user.get_username(),
        is_staff=True,
        door=Door.ADMIN,
        kind=Kind.STUDIO,
        object_id=str(row.object_id or "")[:64],
        label=row.object_repr[:200],
        note=f"{row.get_change_message()} (copied from the admin's history)"[:500],
    )


def _chunks(keys: list[int], size: int) -> list[list[int]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def _find_heir(user: User, name: str) -> User:
    """Return whoever is to get the work. Raises `ValidationError` (`heir`)."""
    heir = User.objects.filter(username__iexact=name.strip().replace("\x00", "")).first()
    if heir is None or heir.pk == user.pk or not roles.may_create(heir):
        unknown = gettext("Nobody who can make videos has this username. Check how it is written.")
        raise ValidationError({"heir": unknown})
    if AccountDeletion.objects.filter(user=heir).exists():
        leaves = gettext("This account is to be deleted, too. Choose somebody else.")
        raise ValidationError({"heir": leaves})
    return heir
