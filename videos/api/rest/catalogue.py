"""Schemas of what can be asked for and of what was spent, and functions that fill them."""

from dataclasses import asdict
from datetime import date
from typing import Literal

from django.conf import settings
from ninja import Schema
from pydantic import Field

from videos.backends.parameters import ParameterType
from videos.capabilities import Offer
from videos.models import Backend, PromptTemplate
from videos.services.prices import rates_of


class BackendOut(Schema):
    """The backend that makes a model's videos. A capability that is not known is null."""

    name: str = Field(description="Its name in this studio.")
    simulator: bool = Field(description="Whether it is the simulator, which draws simple scenes.")
    reference_images: bool | None = Field(description="Whether it takes reference images.")
    characters: bool | None = Field(description="Whether it has characters.")
    remix: bool | None = Field(description="Whether it can make variations of its videos.")
    edit: bool | None = Field(description="Whether it can change videos.")
    extend: bool | None = Field(description="Whether it can continue videos.")


class ParameterOut(Schema):
    """Something that a model can be told beyond prompt, length and size. What does not apply is null."""

    name: str = Field(description="Its name in `parameters`.", examples=["seed"])
    label: str = Field(description="Its name for people.", examples=["Seed"])
    type: ParameterType = Field(description="What its values are.", examples=["integer"])
    minimum: float | None = Field(description="The lowest number.")
    maximum: float | None = Field(description="The highest number.")
    choices: list[str | int | float] = Field(description="The values of a choice.")
    max_length: int | None = Field(description="Characters that a text may have.")
    default: bool | int | float | str | None = Field(
        description="What is sent when it is left out; null: the backend decides."
    )
    help: str = Field(description="What it does.")


class EstimateOut(Schema):
    """What was learned from charges: an estimate, and no promise."""

    dollars_per_second: float = Field(description="US dollars for one second: the median of the latest ones.")
    videos: int = Field(description="How many charged videos it was learned from.")


class PausedOut(Schema):
    """A backend that is sent nothing for now."""

    name: str = Field(description="Its name in this studio.")
    paused_until: int = Field(
        description="Unix time, in seconds; in the year 9999 where it is paused until somebody resumes it."
    )


class ModelOut(Schema):
    """A model that is offered now."""

    id: str = Field(description="Its name, for `model` in a request.", examples=["sora-2"])
    object: Literal["model"] = Field(default="model", description="Always `model`.")
    label: str = Field(description="Its name for people.", examples=["Sora 2"])
    description: str = Field(description="What it is good for.")
    default: bool = Field(description="Whether it is used where a request names none.")
    sizes: list[str] = Field(description="WIDTHxHEIGHT in pixels.", examples=[["1280x720", "720x1280"]])
    seconds: list[int] = Field(description="The lengths that it offers.", examples=[[4, 8, 12]])
    last_frame: bool = Field(description="Whether a video may end with an image, beside its first one.")
    max_references: int = Field(description="How many further images a video may follow.")
    price_per_second: dict[str, float] = Field(
        description="US dollars by size; “*” stands for every other size. Empty without a price."
    )
    estimated_price_per_second: dict[str, EstimateOut] = Field(
        description="By size, where the catalogue has no price of this backend's and it has charged for"
        " three videos."
    )
    parameters: list[ParameterOut] = Field(description="What it can be told beyond these.")
    generation_timeout: int = Field(
        description="Seconds that the backend may work on a video; its own queue does not count."
    )
    backend: BackendOut = Field(description="Who serves it now.")
    stands_in_for: PausedOut | None = Field(
        description="The paused backend in whose place this one makes new videos; null where it is the first."
    )


class ModelsOut(Schema):
    """The models that are offered now."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[ModelOut] = Field(description="In the catalogue's order.")


class TemplateOut(Schema):
    """A prompt template. A setting that it leaves open is null."""

    id: int = Field(description="Its number.")
    title: str = Field(description="What it is called.")
    prompt: str = Field(description="The prompt, with its variables in braces.")
    model: str | None = Field(description="The model that it is for.")
    seconds: int | None = Field(description="The length that it is for.")
    size: str | None = Field(description="The size that it is for.")
    parameters: dict[str, bool | int | float | str] = Field(description="Values of parameters, by name.")


class TemplatesOut(Schema):
    """The ready-made prompts."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[TemplateOut] = Field(description="Everybody's, and your own.")


class SumOut(Schema):
    """A sum over the paid submissions in the ledger; what a simulator makes is none of them."""

    videos: int = Field(description="How many submissions were charged.")
    seconds: int = Field(description="The length of their videos, without those that are deleted for good.")
    dollars: float = Field(
        description="What was spent, as the Spend page says it: as charged where the backends say so, else as"
        " estimated; a video without either adds nothing."
    )
    charged_dollars: float = Field(description="The part of it that backends say they charged.")
    estimated_dollars: float = Field(description="The rest, of which only the estimates are known.")
    cost_difference: float = Field(
        description="How much more was charged than estimated, of the videos of which both are known."
    )
    without_cost: int = Field(description="Videos of which neither is known.")


class ModelSumOut(SumOut):
    """A sum over the videos of one model."""

    model: str = Field(description="Its name.")


class DaySumOut(SumOut):
    """A sum over the videos of one day."""

    day: date = Field(description="In the studio's time zone.")


class UsageOut(Schema):
    """What was spent."""

    start: date = Field(serialization_alias="from", description="The first day.")
    end: date = Field(serialization_alias="to", description="Included.")
    total: SumOut = Field(description="All of it.")
    by_model: list[ModelSumOut] = Field(description="By the model's name.")
    by_day: list[DaySumOut] = Field(description="Days on which something was accepted, the first one first.")


def serialize_offer(offer: Offer) -> ModelOut:
    """Return a model of the catalogue, and the backend that serves it, as the API shows it."""
    model, backend = offer.model, offer.backend
    return ModelOut(
        id=model.name,
        label=model.label,
        description=model.description,
        default=model.name == settings.DEFAULT_MODEL,
        sizes=model.sizes,
        seconds=model.seconds,
        last_frame=offer.takes_last_frame,
        max_references=offer.max_references,
        price_per_second={size: float(rate) for size, rate in model.price_per_second.items()},
        estimated_price_per_second={
            size: EstimateOut(dollars_per_second=float(rate.per_second), videos=rate.samples)
            for size, rate in rates_of(offer).items()
            if rate.samples
        },
        parameters=[ParameterOut(**asdict(parameter)) for parameter in offer.parameters],
        generation_timeout=offer.generation_timeout,
        backend=BackendOut(
            name=backend.name,
            simulator=backend.is_free,
            reference_images=backend.takes_reference,
            characters=backend.can_characters,
            remix=backend.can_remix,
            edit=backend.can_edit,
            extend=backend.can_extend,
        ),
        stands_in_for=_serialize_paused(offer.paused),
    )


def _serialize_paused(backend: Backend | None) -> PausedOut | None:
    if backend is None or backend.paused_until is None:
        return None
    return PausedOut(name=backend.name, paused_until=int(backend.paused_until.timestamp()))


def serialize_template(template: PromptTemplate) -> TemplateOut:
    return TemplateOut(
        id=template.pk,
        title=template.title,
        prompt=template.prompt,
        model=template.model or None,
        seconds=template.seconds,
        size=template.size or None,
        parameters=template.parameters,
    )
