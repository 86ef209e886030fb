"""What a person can do with webhooks. The pages, the REST API and the admin all come through here."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts import roles
from accounts.models import User
from accounts.sign_in_limits import Limit
from audit.trail import Subject, changed_values, record
from audit.vocabulary import Action, Kind
from contentgen import encryption
from webhooks import kinds as event_kinds
from webhooks.destinations import validate_url
from webhooks.disabling import fail_pending
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState, Message
from webhooks.outbox import room_for
from webhooks.payload import build_body
from webhooks.problems import ACCOUNT_DISABLED, TOO_MANY
from webhooks.signing import new_secret

MAX_ENDPOINTS = 20  # of one person
MAX_DESCRIPTION = 200  # characters
_TESTS = Limit("webhook-test", 20, 300)  # by one person: whoever has an account can enter any address
NOT_ACTIVE = gettext_noop("This webhook is not active. Turn it on first.")


class NotPossibleError(Exception):
    """What was asked for is not possible now. Its text is a sentence."""


def create(
    owner: User, *, url: str, kinds: Collection[str], description: str = "", is_studio_wide: bool = False
) -> tuple[Endpoint, str]:
    """Create a webhook. Return it with its secret.

    Raises `ValidationError` by field for an address where nothing may be sent, kinds that there are not, and
    people who may not; `NotPossibleError` for more than `MAX_ENDPOINTS`.
    """
    roles.require_creator(owner)
    if is_studio_wide and not roles.may_manage(owner):
        not_yours = gettext("Only managers can hear of everybody's events.")
        raise ValidationError({"is_studio_wide": not_yours})
    secret = new_secret()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)  # two at once are counted one by one
        if Endpoint.objects.owned_by(owner).count() >= MAX_ENDPOINTS:
            too_many = gettext("You have %(number)s webhooks already. Delete one first.")
            raise NotPossibleError(too_many % {"number": MAX_ENDPOINTS})
        endpoint = Endpoint.objects.create(
            owner=owner,
            is_studio_wide=is_studio_wide,
            secret=encryption.encrypt(secret),
            **_validated(url=url, kinds=kinds, description=description),
        )
        whose = "Everybody's events" if is_studio_wide else "Their own events"
        record(Action.CREATED, subject(endpoint), note=f"{whose}: {', '.join(endpoint.kinds)}")
    return endpoint, secret


def update(endpoint: Endpoint, **changes: Any) -> None:
    """Change address, kinds or description. Raises `ValidationError` by field, and changes nothing then."""
    fields = _validated(**changes)
    with transaction.atomic():
        current = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        changed = changed_values({name: getattr(current, name) for name in fields}, fields)
        for name, value in fields.items():
            setattr(endpoint, name, value)
        endpoint.save(update_fields=list(fields))
        if changed:
            record(Action.CHANGED, subject(endpoint), changes=changed)


def delete(endpoint: Endpoint) -> None:
    """Delete a webhook with its log. Nothing more is sent, also of what waits."""
    with transaction.atomic():
        record(Action.DELETED, subject(endpoint))
        endpoint.delete()


def _validated(**fields: Any) -> dict[str, Any]:
    problems: dict[str, Any] = {}
    checks = {"url": validate_url, "kinds": _validate_kinds, "description": _validate_description}
    for name, value in fields.items():
        try:
            fields[name] = checks[name](value)
        except ValidationError as error:
            problems[name] = error
    if problems:
        raise ValidationError(problems)
    return fields


def _validate_kinds(kinds: Collection[str]) -> list[str]:
    if unknown := sorted(set(kinds) - event_kinds.ALL):
        raise ValidationError(gettext("There is no kind “%(kind)s”.") % {"kind": unknown[0][:40]})
    if not kinds:
        raise ValidationError(gettext("Choose at least one kind of event."))
    return sorted(set(kinds))


def _validate_description(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > MAX_DESCRIPTION:
        too_long = gettext("A description has at most %(limit)s characters.")
        raise ValidationError(too_long % {"limit": MAX_DESCRIPTION})
    if not text.isprintable():
        raise ValidationError(gettext("A description is plain text."))
    return text


def pause(endpoint: Endpoint) -> bool:
    """Hold what is to be sent; events are kept meanwhile. Returns False if it was not active."""
    active = Endpoint.objects.filter(pk=endpoint.pk, state=EndpointState.ACTIVE)
    return _set_state(endpoint, active, Action.PAUSED, state=EndpointState.PAUSED)


def resume(endpoint: Endpoint) -> bool:
    """Go on with an endpoint that was paused or disabled, at once. Returns False if it was active."""
    stopped = Endpoint.objects.filter(pk=endpoint.pk).exclude(state=EndpointState.ACTIVE)
    fresh = {"problem": "", "failures": 0, "failing_since": None, "held_until": None}
    return _set_state(endpoint, stopped, Action.RESUMED, state=EndpointState.ACTIVE, **fresh)


def _set_state(endpoint: Endpoint, rows: QuerySet[Endpoint], action: Action, **fields: Any) -> bool:
    with transaction.atomic():
        changed = rows.update(**fields)
        if changed:
            record(action, subject(endpoint))
    return bool(changed)


def rotate_secret(endpoint: Endpoint) -> str:
    """Return a new secret. The former one signs too until WEBHOOK_SECRET_OVERLAP_HOURS have passed."""
    secret = new_secret()
    with transaction.atomic():
        current = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk).secret
        Endpoint.objects.filter(pk=endpoint.pk).update(
            secret=encryption.encrypt(secret),
            former_secret=current if encryption.is_readable(current) else "",
            former_secret_expires_at=timezone.now() + timedelta(hours=settings.WEBHOOK_SECRET_OVERLAP_HOURS),
        )
        record(Action.CHANGED, subject(endpoint), changes={"secret": ("", "")})  # says no more than that
    return secret


def send_test(endpoint: Endpoint) -> Delivery:
    """Send a `webhook.test`. Raises `NotPossibleError` if it is not active, or too many were sent."""
    if endpoint.state != EndpointState.ACTIVE:
        raise NotPossibleError(gettext(NOT_ACTIVE))
    if not _TESTS.allows(str(endpoint.owner_id)):
        raise NotPossibleError(gettext("Too many tests. Wait a few minutes."))
    if room_for(endpoint) <= 0:
        raise NotPossibleError(gettext(TOO_MANY))
    now = timezone.now()
    sentence = "This is a test from ContentGen. If its signature is right, you are ready."
    data = {"id": endpoint.public_id, "user": endpoint.owner.username, "url": None, "message": sentence}
    with transaction.atomic():
        message = Message.objects.create(
            kind=event_kinds.TEST,
            user_id=endpoint.owner_id,
            body=build_body(event_kinds.TEST, now, data),
            created_at=now,
        )
        # What was held because the receiver failed is tried now too: that is what the test is for.
        Endpoint.objects.filter(pk=endpoint.pk).update(held_until=None)
        return Delivery.objects.create(endpoint=endpoint, message=message, created_at=now, due_at=now)


def resend(delivery: Delivery) -> bool:
    """Send a delivery once more, with the same `webhook-id`. Returns False if it is pending.

    Raises `NotPossibleError` where the webhook is not active, or too much waits for it already.
    """
    return bool(_requeue(delivery.endpoint, Delivery.objects.filter(pk=delivery.pk)))


def resend_failed(endpoint: Endpoint, since: datetime) -> int:
    """Send all that failed and was created since then once more. Returns how many; raises as `resend`."""
    failed = Delivery.objects.filter(
        endpoint=endpoint, state=DeliveryState.FAILED, created_at__gte=since
    ).order_by("pk")
    return _requeue(endpoint, failed)


def _requeue(endpoint: Endpoint, rows: QuerySet[Delivery]) -> int:
    if endpoint.state != EndpointState.ACTIVE:
        raise NotPossibleError(gettext(NOT_ACTIVE))
    room = room_for(endpoint)
    if room <= 0:
        raise NotPossibleError(gettext(TOO_MANY))
    pks = list(rows.filter(due_at=None).values_list("pk", flat=True)[:room])
    with transaction.atomic():
        count = Delivery.objects.filter(pk__in=pks, due_at=None).update(
            state=DeliveryState.PENDING, due_at=timezone.now(), attempts=0, finished_at=None
        )
        if count:
            record(Action.RESENT, subject(endpoint), note=f"{count:,} of its deliveries.")
    return count


def subject(endpoint: Endpoint) -> Subject:
    """Return how entries of the audit log name the webhook: by its host, for an address may hold a secret."""
    return Subject(Kind.WEBHOOK, endpoint.public_id, urlsplit(endpoint.url).hostname or "", endpoint.owner_id)


def stop_for(user: User, **signal: Any) -> None:
    """Fail all that waits for a person's webhooks. Receiver of `user_deactivated`.

    Nothing new is kept or sent as long as the account is disabled; the webhooks themselves stay.
    """
    for endpoint in Endpoint.objects.owned_by(user):
        fail_pending(endpoint, ACCOUNT_DISABLED)
