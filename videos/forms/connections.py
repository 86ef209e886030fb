"""The forms of the Connect page. `videos.services.connections` decides what is valid, not these forms."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from videos.backends.connection_kinds import ConnectionKind
from videos.forms.base import CreationForm
from videos.models import Backend, ConnectionDraft
from videos.services.connections import (
    ConnectionRequest,
    OfferedModel,
    available_variables,
    choose_for_a_start,
    save_draft,
    start_draft,
)


class ConnectionForm(CreationForm[ConnectionDraft]):
    """What a kind of service needs to be tested. A key that was typed is never drawn again."""

    base_url = forms.CharField(required=False, label=_("Address"))
    key = forms.CharField(required=False, label=_("Key"))
    key_env = forms.ChoiceField(required=False, label=_("Variable"))

    def __init__(
        self,
        kind: ConnectionKind,
        user: User,
        data: Any = None,
        *,
        earlier: ConnectionDraft | None = None,
    ) -> None:
        initial = {"base_url": earlier.base_url, "key_env": earlier.key_env} if earlier else {}
        super().__init__(data, initial={"base_url": kind.address, **initial})
        self.kind, self.earlier = kind, earlier
        self.variables = available_variables(user)
        self.fields["key_env"].choices = [("", ""), *((name, name) for name in self.variables)]  # type: ignore[attr-defined]

    @property
    def has_key(self) -> bool:
        """Whether a key was pasted for the last test, which an empty field stands for."""
        return self.earlier is not None and bool(self.earlier.stored_key)

    @property
    def has_other_address(self) -> bool:
        """Whether an address is asked for in sight: the server has no usual one, or this is not it."""
        return not self.kind.address or self["base_url"].value() != self.kind.address

    def _create(self, owner: User) -> ConnectionDraft:
        data = self.cleaned_data
        request = ConnectionRequest(
            self.kind, data["base_url"], data["key"], data["key_env"], earlier=self.earlier
        )
        return start_draft(owner, request)


class SaveForm(CreationForm[Backend]):
    """The name of a backend that was tested, and the models that it is to serve."""

    name = forms.CharField(required=False)
    models = forms.Field(required=False, widget=forms.SelectMultiple)
    more = forms.CharField(required=False)

    def __init__(self, draft: ConnectionDraft, offered: Sequence[OfferedModel], data: Any = None) -> None:
        first = choose_for_a_start(draft, offered)
        super().__init__(data, initial={"name": draft.name, "models": first})
        self.draft = draft
        # What is ticked must be in sight, not somewhere among hundreds.
        self.offered = sorted(offered, key=lambda each: each.model.name not in first)

    @property
    def chosen(self) -> list[str]:
        """The models that are ticked."""
        return list(self["models"].value() or ())

    def _create(self, owner: User) -> Backend:
        data = self.cleaned_data
        return save_draft(
            owner, self.draft.pk, name=data["name"], models=data["models"] or (), more=data["more"]
        )
