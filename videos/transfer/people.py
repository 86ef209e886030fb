"""Whose account here each person of an export has, and which backend each backend."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.models.user import Role
from accounts.subjects import person
from audit.trail import record
from audit.vocabulary import Action
from videos import subjects
from videos.backends.service_kinds import SERVICES
from videos.models import Backend
from videos.models.backend import DEFAULT_SERVICE
from videos.transfer.errors import RowError, TransferError
from videos.validation import is_storable

_USERNAME_LIMIT = 150  # characters, as Django has it
_BACKEND_NAME_LIMIT = 100
_UNKNOWN = (
    "There is no account for {names}. Say whose work it becomes with --map NAME=ACCOUNT, or have accounts "
    "made with --create-people; nobody can sign in with them until you set a password."
)


class People:
    """The accounts of this studio, by the usernames of an export."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        """`mapping` gives accounts by names of the export. Raises `TransferError` for an unknown one."""
        self._mapping = mapping
        self._found: dict[str, User | None] = {}
        for account in mapping.values():
            if not User.objects.filter(username=account).exists():
                raise TransferError(f"--map: there is no account “{account}”.")

    def find(self, username: str) -> User | None:
        if username not in self._found:
            wanted = self._mapping.get(username, username)
            self._found[username] = User.objects.filter(username=wanted).first()
        return self._found[username]

    def describe(self, documents: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return who becomes whom, a line each."""
        named = [str(each.get("username", "")) for each in documents if each.get("is_needed")]
        accounts = [(name, self.find(name)) for name in named]
        return [f"{name} → {account.username if account else 'no account'}" for name, account in accounts]

    def require(self, documents: Iterable[Mapping[str, Any]], *, create: bool, is_known: bool) -> list[User]:
        """Have an account for everybody whose work it is, and return those that were made.

        They have no password, and are creators unless the export is one of ours, which may make them viewers
        or managers. Raises `TransferError` that names who has none.
        """
        needed = [each for each in documents if each.get("is_needed")]
        missing = [each for each in needed if self.find(_username(each)) is None]
        if missing and not create:
            names = ", ".join(f"“{_username(each)}”" for each in missing[:20])
            raise TransferError(_UNKNOWN.format(names=names))
        return [self._create(each, is_known=is_known) for each in missing]

    def _create(self, document: Mapping[str, Any], *, is_known: bool) -> User:
        username = _username(document)
        role = document.get("role")
        user = User(
            username=username,
            first_name=_text(document.get("first_name"), 150),
            last_name=_text(document.get("last_name"), 150),
            is_active=document.get("is_active") is not False,
            role=role if is_known and role in Role.values else Role.CREATOR,
        )
        user.set_unusable_password()
        try:
            user.username_validator(username)
        except ValidationError as error:
            raise TransferError(f"“{username}” is no username here. Use --map.") from error
        with transaction.atomic():
            user.save(force_insert=True)
            record(Action.CREATED, person(user), note="Imported from an export, without a password.")
        self._found[username] = user
        return user


def _username(document: Mapping[str, Any]) -> str:
    name = _text(document.get("username"), _USERNAME_LIMIT)
    if not name:
        raise TransferError("The export names a person without a username.")
    return name


def _text(value: Any, limit: int) -> str:
    return value if isinstance(value, str) and len(value) <= limit and is_storable(value) else ""


class Backends:
    """The backends of this studio, by the names of an export."""

    def __init__(self) -> None:
        self._told: dict[str, Mapping[str, Any]] = {}
        self._found: dict[str, Backend] = {}
        self.created: list[str] = []

    def read(self, documents: Iterable[Mapping[str, Any]]) -> None:
        for each in documents:
            self._told[_text(each.get("name"), _BACKEND_NAME_LIMIT)] = each

    def find(self, name: str) -> Backend:
        """Return the backend of that name: one of ours, or a new one that is sent nothing.

        It is switched off and has neither address nor key, which whoever runs the studio fills in. The
        simulator is this studio's own. Raises `RowError` for one that the export does not tell of.
        """
        if name not in self._found:
            told = self._told.get(name)
            if told is None or not name:
                raise RowError(f"the export does not tell of its backend “{name[:100]}”.")
            self._found[name] = self._read(name, told)
        return self._found[name]

    def _read(self, name: str, told: Mapping[str, Any]) -> Backend:
        if told.get("is_simulator") is True:
            return Backend.objects.simulator()
        found = Backend.objects.filter(name=name).first()
        return found or self._create(name, told)

    def _create(self, name: str, told: Mapping[str, Any]) -> Backend:
        service = told.get("service")
        backend = Backend(
            name=name,
            enabled=False,
            service=service if service in SERVICES else DEFAULT_SERVICE,
            costs_nothing=told.get("costs_nothing") is True,
            charges_failures=told.get("charges_failures") is True,
            can_list=False,
            can_delete=False,
        )
        with transaction.atomic():
            backend.save(force_insert=True)
            record(Action.CREATED, subjects.backend(backend), note="Imported from an export, switched off.")
        self.created.append(name)
        return backend
