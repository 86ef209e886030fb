"""Forms that derive a video from another; `videos.services.derivations` decides what is valid."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.models import User
from videos.capabilities import Capabilities, Offer
from videos.forms.base import CreationForm, PromptAndTakes
from videos.models import ApprovalRequest, RequestKind, Video
from videos.prompts.diff import DiffSegment, diff_prompts
from videos.services.approvals import create_or_ask
from videos.services.derivations import derivation_price, derivation_prices, derivation_terms
from videos.services.generation_requests import MAX_PROMPT_LENGTH, MAX_TAKES
from videos.services.paid_requests import Derivation
from videos.services.prices import Price
from videos.services.terms import describe_pause, read_terms


@dataclass(frozen=True)
class Length:
    """A choice of the extension form: seconds to add, seconds of the whole video then, and what it costs."""

    seconds: int
    total_seconds: int
    price: Price | None
    is_chosen: bool


class DerivationForm(PromptAndTakes, CreationForm[list[Video] | ApprovalRequest]):
    """A request for a video derived from `source`, whose `capabilities` say that this is possible."""

    verb: ClassVar[str]
    label: ClassVar[StrOrPromise]
    heading: ClassVar[StrOrPromise]
    description: ClassVar[StrOrPromise]

    prompt = forms.CharField(required=False, strip=False)
    accepted_terms = forms.CharField(required=False)
    takes = forms.IntegerField(required=False)

    prompt_limit = MAX_PROMPT_LENGTH

    def __init__(
        self,
        source: Video,
        capabilities: Capabilities,
        data: Mapping[str, Any] | None = None,
        *,
        prompt: str = "",
    ) -> None:
        super().__init__(data, initial={"prompt": prompt or source.prompt, "takes": 1})
        self.source, self.capabilities = source, capabilities

    @classmethod
    def is_possible(cls, capabilities: Capabilities) -> bool:
        """Whether `capabilities` has this one."""
        return bool(getattr(capabilities, cls.verb))

    @property
    def take_numbers(self) -> range:
        return range(1, MAX_TAKES + 1)

    @property
    def chosen_takes(self) -> int:
        """How many takes are shown as chosen: one where the form was sent nonsense."""
        value = str(self["takes"].value())
        return int(value) if value in map(str, self.take_numbers) else 1

    @property
    def difference(self) -> list[DiffSegment] | None:
        """What the prompt changes; empty where it changes nothing, None where it is a new one."""
        return diff_prompts(self.source.prompt, str(self["prompt"].value() or ""))

    @cached_property
    def lengths(self) -> list[Length]:
        """The lengths to choose from; empty where none is to be chosen."""
        return []

    @property
    def method(self) -> str:
        """How the video will be made, in a sentence; empty where there is nothing to explain."""
        return ""

    @property
    def total_price(self) -> Price | None:
        """The price of all takes together by the catalogue; None without one."""
        return self.price * self.chosen_takes if self.price else None

    @property
    def shows_price(self) -> bool:
        """Whether the button says the price: what is free has none there."""
        return self.price is not None and not self.is_free

    @property
    def prices_json(self) -> str:
        """What the button says for each length and number of takes, for the page's script."""
        of_lengths = {str(each.seconds): each.price for each in self.lengths} or {"": self.price}
        return json.dumps(
            {
                seconds: {number: str(price * number) for number in self.take_numbers}
                for seconds, price in of_lengths.items()
                if price
            }
        )

    @cached_property
    def price(self) -> Price | None:
        """What one take costs; None when there is no price."""
        return derivation_price(self.source, self.source.total_seconds, self._offer)

    @property
    def terms(self) -> str:
        """The terms that this form shows (`services.terms`)."""
        return derivation_terms(self.source, self._offer)

    @property
    def is_free(self) -> bool:
        """Whether the simulator would make it, which charges nothing whatever the catalogue says."""
        offer = self._offer
        backend = offer.backend if offer else self.source.backend
        return backend.is_free

    @property
    def _offer(self) -> Offer | None:
        """Who would make it where that is not the source's own backend and model."""
        return None

    def _create(self, owner: User) -> list[Video] | ApprovalRequest:
        data = self.cleaned_data
        terms = read_terms(data["accepted_terms"])
        seconds = data.get("seconds") or 0
        wanted = Derivation(
            RequestKind(self.verb), self.source, data["prompt"], seconds, terms, data["takes"]
        )
        return create_or_ask(owner, wanted)


class RemixForm(DerivationForm):
    verb = "remix"
    label = pgettext_lazy("verb", "Remix")
    heading = gettext_lazy("Remix this video")
    description = gettext_lazy(
        "A remix is a new take on the whole video. Describe what should be different this time."
    )


class EditForm(DerivationForm):
    verb = "edit"
    label = pgettext_lazy("verb", "Edit")
    heading = gettext_lazy("Edit this video")
    description = gettext_lazy("An edit keeps the video and changes only what the prompt describes.")

    @classmethod
    def is_possible(cls, capabilities: Capabilities) -> bool:
        return capabilities.can_edit

    @property
    def method(self) -> str:
        """Which backend edits the video where its own cannot."""
        backend, offer = self.source.backend, self._offer
        if offer is None:
            return ""
        values = {"backend": backend.name, "other": offer.backend.name, "model": offer.model.label}
        return _EDIT_ELSEWHERE[backend.can_edit] % values

    @property
    def _offer(self) -> Offer | None:
        return self.capabilities.edit_offer


class ExtendForm(DerivationForm):
    verb = "extend"
    label = gettext_lazy("Extend")
    heading = gettext_lazy("Extend this video")
    description = gettext_lazy(
        "Continue from the last frame using this prompt. You get the whole video as one file."
    )

    seconds = forms.IntegerField(required=False)

    def __init__(
        self,
        source: Video,
        capabilities: Capabilities,
        data: Mapping[str, Any] | None = None,
        *,
        prompt: str = "",
    ) -> None:
        super().__init__(source, capabilities, data, prompt=prompt)
        self.initial["seconds"] = capabilities.lengths[0] if capabilities.lengths else None

    @classmethod
    def is_possible(cls, capabilities: Capabilities) -> bool:
        return capabilities.can_extend

    @cached_property
    def lengths(self) -> list[Length]:
        prices = derivation_prices(self.source, self.capabilities.lengths, self._offer)
        chosen = str(self["seconds"].value())
        return [
            Length(each, self.source.total_seconds + each, prices[each], str(each) == chosen)
            for each in self.capabilities.lengths
        ]

    @cached_property
    def price(self) -> Price | None:
        return next((length.price for length in self.lengths if length.is_chosen), None)

    @property
    def method(self) -> str:
        """Who makes the extended video: the backend itself, or this studio by joining two clips."""
        backend, offer = self.source.backend, self._offer
        if offer is None:
            return gettext("%(backend)s extends the video itself.") % {"backend": backend.name}
        by_itself = offer.backend.pk == backend.pk
        sentences = _EXTEND_BY_JOINING if by_itself else _EXTEND_ELSEWHERE
        sentence = sentences[backend.can_extend] % {"backend": backend.name, "other": offer.backend.name}
        return f"{sentence} {describe_pause(offer)}." if offer.paused else sentence

    @property
    def _offer(self) -> Offer | None:
        return self.capabilities.concat_offer


# Why the video's own backend does not, and what is done instead, by whether it can: a backend that can and
# does not is not accepting new videos.
_EDIT_ELSEWHERE = {
    False: gettext_lazy(
        "%(backend)s cannot edit videos, so %(other)s is sent the file and edits it with %(model)s."
    ),
    None: gettext_lazy(
        "%(backend)s is not known to edit videos, so %(other)s is sent the file and edits it with %(model)s."
    ),
    True: gettext_lazy(
        "%(backend)s is not accepting new videos, so %(other)s is sent the file and edits it with %(model)s."
    ),
}
_EXTEND_BY_JOINING = {
    False: gettext_lazy(
        "%(backend)s cannot extend videos, so it generates a continuation from the last frame, and the "
        "studio joins the two into one file."
    ),
    None: gettext_lazy(
        "%(backend)s is not known to extend videos, so it generates a continuation from the last frame, and "
        "the studio joins the two into one file."
    ),
    True: gettext_lazy(
        "%(backend)s is not accepting new videos, so it generates a continuation from the last frame, and "
        "the studio joins the two into one file."
    ),
}
_EXTEND_ELSEWHERE = {
    False: gettext_lazy(
        "%(backend)s cannot extend videos, so %(other)s generates a continuation from the last frame, and "
        "the studio joins the two into one file."
    ),
    None: gettext_lazy(
        "%(backend)s is not known to extend videos, so %(other)s generates a continuation from the last "
        "frame, and the studio joins the two into one file."
    ),
    True: gettext_lazy(
        "%(backend)s is not accepting new videos, so %(other)s generates a continuation from the last frame, "
        "and the studio joins the two into one file."
    ),
}
