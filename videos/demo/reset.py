"""Removes the demo: the accounts of its people, and all that is theirs, as an account is ever removed."""

import time

from django.contrib.auth.models import Group
from django.utils import timezone

from accounts import deletion
from accounts.models import AccountDeletion, User, WorkChoice
from videos.demo.build import GROUP, demo_people
from videos.models import Video
from videos.services.purge import clean_up

PATIENCE = 120.0  # seconds
_PAUSE = 0.5  # seconds between two looks


def reset() -> tuple[int, list[str]]:
    """Remove the people of the demo and all that is theirs. Returns how many are gone, and who is not yet.

    What a backend is still to let go of keeps an account: the workers end it, or another reset.
    """
    people = demo_people()
    for person in people:
        if not AccountDeletion.objects.filter(user=person, started_at__isnull=False).exists():
            deletion.schedule(person, WorkChoice.DELETE)
        AccountDeletion.objects.filter(user=person).update(due_at=timezone.now())
    deadline = time.monotonic() + PATIENCE
    while (left := demo_people()) and time.monotonic() < deadline:
        deletion.carry_out_due()
        for person in left:
            _let_go(person)
        time.sleep(_PAUSE if Video.objects.filter(owner__in=left).exists() else 0)
    if not left:
        Group.objects.filter(name=GROUP, user=None).delete()
    return len(people) - len(left), [person.username for person in left]


def _let_go(person: User) -> None:
    if Video.objects.filter(owner=person, deleted_at__isnull=False).exists():
        clean_up(owner=person)
