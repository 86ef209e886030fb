"""The people of a collection: sharing it, roles in it, leaving it, and handing it over."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.text import get_text_list
from django.utils.translation import gettext

from accounts import roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from contentgen.events import Event, EventKind, publish
from videos import subjects
from videos.models import Collection, CollectionMember, CollectionRole, Visibility
from videos.services.collections import MAX_COLLECTIONS, touch
from videos.validation import is_storable

MAX_MEMBERS = 200  # of one collection
MIN_SEARCH_LENGTH = 2  # characters
MAX_FOUND = 8  # people suggested at once
OWNER = "owner"  # as an event tells it, beside the roles


def find_people(collection: Collection, text: str) -> Sequence[User]:
    """Return a few people whom the collection could be shared with: their username begins with `text`.

    Nobody for fewer characters than `MIN_SEARCH_LENGTH`, so that nobody lists the whole team.
    """
    text = text.strip()
    if len(text) < MIN_SEARCH_LENGTH or not is_storable(text):
        return []
    found = User.objects.filter(is_active=True, username__istartswith=text[:150])
    joined = CollectionMember.objects.filter(collection=collection).values("person")
    return list(found.exclude(Q(pk=collection.owner_id) | Q(pk__in=joined)).order_by("username")[:MAX_FOUND])


def share_with(person: User, collection: Collection, username: str, role: str) -> CollectionMember:
    """Share the collection with the person of that username, in `role`, or change the role there.

    A private collection becomes one for chosen people. Whoever is new in it hears of it. Raises
    `ValidationError` by field (`username`, `role`).
    """
    if role not in CollectionRole.values:
        raise ValidationError(
            {"role": gettext("Choose a role: %(roles)s.") % {"roles": get_text_list(CollectionRole.values)}}
        )
    other = _find_user(username, collection)
    with transaction.atomic():
        locked = Collection.objects.select_for_update().get(pk=collection.pk)
        membership, is_new = CollectionMember.objects.get_or_create(
            collection=collection, person=other, defaults={"role": role}
        )
        if is_new or membership.role != role:
            record(Action.SHARED, subjects.collection(locked), note=f"With {other} as {role}.")
        if is_new:
            if locked.memberships.count() > MAX_MEMBERS:
                message = gettext(
                    "A collection can be shared with %(count)s people. Share it with the team instead."
                )
                raise ValidationError({"username": message % {"count": MAX_MEMBERS}})
            _tell(person, locked, other, role)
        elif membership.role != role:
            membership.role = role
            membership.save(update_fields=["role"])
        if locked.visibility == Visibility.PRIVATE:
            Collection.objects.filter(pk=locked.pk).update(visibility=Visibility.PEOPLE)
        touch(collection)
    return membership


def remove_person(collection: Collection, username: str) -> bool:
    """End the sharing with the person of that username, who may be blocked. Returns False if there was none.

    The person's own videos stay in the collection, until that person or an editor takes them out.
    """
    if not is_storable(username):
        return False
    with transaction.atomic():
        members = CollectionMember.objects.filter(collection=collection, person__username=username)
        removed, _ = members.delete()
        if removed:
            record(Action.UNSHARED, subjects.collection(collection), note=f"With {username}.")
            touch(collection)
    return bool(removed)


def leave(person: User, collection: Collection) -> bool:
    """Have the person be one of the collection's people no longer. Returns False if the person was none."""
    return remove_person(collection, person.username)


def hand_over(person: User, collection: Collection, username: str) -> User:
    """Make the person of that username the owner; the owner until now stays as an editor.

    Raises `ValidationError` by field (`username`) for somebody unknown, blocked, or who may make nothing.
    """
    heir = _find_user(username, collection)
    if not roles.may_create(heir):
        raise _refusal(gettext("“%(name)s” may not create anything here."), heir.username)
    with transaction.atomic():
        locked = Collection.objects.select_for_update().get(pk=collection.pk)
        if Collection.objects.owned_by(heir).count() >= MAX_COLLECTIONS:
            raise _refusal(gettext("“%(name)s” has too many collections already."), heir.username)
        former = locked.owner
        CollectionMember.objects.filter(collection=locked, person=heir).delete()
        if former.is_active:
            CollectionMember.objects.update_or_create(
                collection=locked, person=former, defaults={"role": CollectionRole.EDITOR}
            )
        locked.owner = heir
        if former.is_active and locked.visibility == Visibility.PRIVATE:
            locked.visibility = Visibility.PEOPLE
        locked.save(update_fields=["owner", "visibility"])
        record(Action.HANDED_OVER, subjects.collection(locked), note=f"From {former} to {heir}.")
        _tell(person, locked, heir, OWNER)
        touch(locked)
    return heir


def _find_user(username: str, collection: Collection) -> User:
    """Return the active person of that username, other than the owner. Raises `ValidationError`."""
    name = username.strip()
    found = User.objects.filter(username=name, is_active=True).first() if is_storable(name) else None
    if found is None:
        raise _refusal(gettext("There is no one with the username “%(name)s”."), name[:150])
    if found.pk == collection.owner_id:
        raise _refusal(gettext("“%(name)s” owns this collection."), found.username)
    return found


def _refusal(sentence: str, name: str) -> ValidationError:
    return ValidationError({"username": sentence % {"name": name}})


def _tell(person: User, collection: Collection, other: User, role: str) -> None:
    if other.pk == person.pk:  # a manager who takes over what a blocked owner left
        return
    path = collection.get_absolute_url()
    data = {"path": path, "name": collection.name, "shared_by": person.username, "role": role}
    publish(Event(EventKind.COLLECTION_SHARED, other.pk, collection.public_id, data))
