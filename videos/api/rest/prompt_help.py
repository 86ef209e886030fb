"""Help with prompts: one rewritten, or one for an image."""

from collections.abc import Callable
from typing import Literal

from ninja import Router, Schema
from pydantic import Field

from videos.api.errors import ApiError
from videos.api.rest.api import Request
from videos.api.rest.operations import register_write
from videos.api.rest.schemas import BodyIn, PromptIn
from videos.services import prompt_help as service
from videos.services.prompt_help import PromptHelpError, PromptOffer

router = Router(tags=["Prompts"])

# Of those that are not the chat server's trouble, which is a 503.
_STATUSES = {
    "off": 404,
    "rate_limited": 429,
    **dict.fromkeys(
        ("cannot_see", "refused", "cut", "tool_call", "empty", "unchanged", "changed_variables"), 409
    ),
}


class ImageIn(BodyIn):
    """The image to describe."""

    reference: str = Field(max_length=64, description="The id of one of your reference images.")


class PromptOfferOut(Schema):
    """A prompt that may be better. Nothing was changed by it."""

    object: Literal["prompt_offer"] = Field(default="prompt_offer", description="Always `prompt_offer`.")
    prompt: str = Field(description="The offered prompt.", examples=["A fox in the snow, low tracking shot."])
    server: str = Field(description="The host that was asked.", examples=["chat.example.org"])
    simulator: bool = Field(description="Whether the simulator answered, by rules.")
    shortened: bool = Field(description="Whether the answer was longer than a prompt may be.")
    cost: float | None = Field(description="What it cost, in the studio's currency; null where nobody knows.")


@register_write(router, "POST", "/prompts/improve", schema=PromptOfferOut)
def improve_prompt(request: Request, body: PromptIn) -> PromptOfferOut:
    """Have the chat server rewrite a prompt; variables of templates stay as they are.

    404 where the studio has no such server, 429 for too many questions, 503 where it does not answer.
    """
    caller = request.auth
    return _answer(lambda: service.improve_prompt(caller.user, body.prompt, token=caller.token))


@register_write(router, "POST", "/prompts/describe", schema=PromptOfferOut)
def describe_image(request: Request, body: ImageIn) -> PromptOfferOut:
    """Have the chat server describe one of your images as a prompt. It is sent a small copy of it."""
    caller = request.auth
    image = service.find_image(caller.user, body.reference)
    return _answer(lambda: service.describe_image(caller.user, image, token=caller.token))


def _answer(ask: Callable[[], PromptOffer]) -> PromptOfferOut:
    try:
        offer = ask()
    except PromptHelpError as error:
        wait = error.retry_after
        headers = {} if wait is None else {"Retry-After": str(wait)}
        raise ApiError(_STATUSES.get(error.code, 503), error.code, error.message, headers=headers) from error
    return PromptOfferOut(
        prompt=offer.text,
        server=offer.server.host,
        simulator=offer.server.is_demo,
        shortened=offer.is_shortened,
        cost=None if offer.cost is None else float(offer.cost),
    )
