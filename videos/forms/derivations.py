"""Forms that make a video from another; `videos.services.derivations` decides what is valid."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django import forms

from accounts.models import User
from videos.capabilities import Capabilities
from videos.forms.base import CreationForm
from videos.models import Video
from videos.services.derivations import (
    edit_video,
    extend_video,
    format_derivation_price,
    format_derivation_prices,
    remix_video,
)
from videos.services.videos import MAX_PROMPT_LENGTH


@dataclass(frozen=True)
class Length:
    """A choice of the extension form: seconds to add, seconds of the film then, and what it costs."""

    seconds: int
    whole: int
    price: str
    chosen: bool


class DerivationForm(CreationForm[Video]):
    """A request for something made from `source`, whose `ways` say that it can be done."""

    verb: ClassVar[str]
    meaning: ClassVar[str]

    prompt = forms.CharField(required=False, strip=False)

    prompt_limit = MAX_PROMPT_LENGTH

    def __init__(self, source: Video, ways: Capabilities, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"prompt": source.prompt})
        self.source, self.ways = source, ways

    @classmethod
    def is_possible(cls, ways: Capabilities) -> bool:
        """Whether `ways` has this one."""
        return bool(getattr(ways, cls.verb))

    def clean_prompt(self) -> str:
        """A browser sends two characters for a line break that it counted as one."""
        text: str = self.cleaned_data["prompt"]
        return text.replace("\r\n", "\n")

    @cached_property
    def lengths(self) -> list[Length]:
        """What there is to choose from, where a length is to be chosen."""
        return []

    @property
    def manner(self) -> str:
        """How it will be done, where that is to be told."""
        return ""

    @property
    def price(self) -> str:
        """What the button says; empty when there is no price."""
        return format_derivation_price(self.source, self.source.total_seconds)

    @property
    def is_free(self) -> bool:
        """Whether the simulator would make it, which charges nothing whatever the catalogue says."""
        backend = self.ways.join.backend if self.ways.join else self.source.backend
        return backend.is_simulator


class RemixForm(DerivationForm):
    verb = "remix"
    meaning = "A remix is a new take on the whole video. Describe what should be different this time."

    def _make(self, owner: User) -> Video:
        return remix_video(owner, self.source, self.cleaned_data["prompt"])


class EditForm(DerivationForm):
    verb = "edit"
    meaning = "An edit keeps the video and changes only what the prompt describes."

    def _make(self, owner: User) -> Video:
        return edit_video(owner, self.source, self.cleaned_data["prompt"])


class ExtendForm(DerivationForm):
    verb = "extend"
    meaning = "Continue from the last frame using this prompt. You get the whole video as one file."

    seconds = forms.IntegerField(required=False)

    def __init__(self, source: Video, ways: Capabilities, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(source, ways, data)
        self.initial["seconds"] = ways.lengths[0] if ways.lengths else None

    @classmethod
    def is_possible(cls, ways: Capabilities) -> bool:
        return ways.can_extend

    def _make(self, owner: User) -> Video:
        data = self.cleaned_data
        return extend_video(owner, self.source, data["prompt"], data["seconds"] or 0)

    @cached_property
    def lengths(self) -> list[Length]:
        prices = format_derivation_prices(self.source, self.ways.lengths)
        chosen = str(self["seconds"].value())
        return [
            Length(each, self.source.total_seconds + each, prices[each], str(each) == chosen)
            for each in self.ways.lengths
        ]

    @property
    def price(self) -> str:
        return next((length.price for length in self.lengths if length.chosen), "")

    @property
    def manner(self) -> str:
        """Who makes the whole film: the backend, or this studio from two clips."""
        backend, join = self.source.backend, self.ways.join
        if join is None:
            return f"{backend.name} extends the video itself."
        cannot = {False: "cannot extend videos", None: "is not known to extend videos"}
        why = cannot.get(backend.can_extend, "is not accepting new videos")
        maker = "it generates" if join.backend.pk == backend.pk else f"{join.backend.name} generates"
        return (
            f"{backend.name} {why}, so {maker} a continuation from the last frame, "
            "and the studio joins the two into one file."
        )
