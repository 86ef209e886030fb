"""A better prompt, or one for an image, offered beside what was written."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.text import normalize_newlines
from django.views.decorators.http import require_POST

from contentgen.uploads import takes_upload
from videos.forms.prompt_help import DescribedImageForm
from videos.prompts.diff import DiffSegment, diff_in_full
from videos.services.images import max_images_size
from videos.services.prompt_help import PromptHelpError, PromptOffer, describe_image, improve_prompt
from videos.views.access import Request

_NOT_KEPT = frozenset({"csrfmiddlewaretoken", "prompt", "as_text"})


@dataclass(frozen=True)
class OfferView:
    """An offer as it is drawn, or the sentence that says why there is none."""

    offer: PromptOffer | None = None
    problem: str = ""

    @property
    def segments(self) -> list[DiffSegment]:
        """What differs from what was written; of a description, which is no variant, just its text."""
        if self.offer is None:
            return []
        return diff_in_full(self.offer.before, self.offer.text)


@require_POST
def improve(request: Request) -> HttpResponse:
    """Offer the prompt of a form as the chat server rewrites it."""
    prompt = _prompt(request)
    try:
        return _draw(request, OfferView(improve_prompt(request.user, prompt)))
    except (ValidationError, PromptHelpError) as error:
        return _draw(request, OfferView(problem=_sentence(error)), status=422)


@takes_upload(max_images_size)
@require_POST
def describe(request: Request) -> HttpResponse:
    """Offer a prompt that describes the first image of a form."""
    try:
        image = DescribedImageForm(request.POST, request.FILES, owner=request.user).image()
        return _draw(request, OfferView(describe_image(request.user, image)))
    except (ValidationError, PromptHelpError) as error:
        return _draw(request, OfferView(problem=_sentence(error)), status=422)


def _prompt(request: Request) -> str:
    return str(normalize_newlines(request.POST.get("prompt", "")))  # a browser sends two characters for one


def _sentence(error: ValidationError | PromptHelpError) -> str:
    return error.message if isinstance(error, PromptHelpError) else " ".join(error.messages)


def _draw(request: Request, view: OfferView, status: int = 200) -> HttpResponse:
    """Draw the offer: alone for HTMX, else as a page that leads back to the studio with either prompt."""
    context: dict[str, object] = {"view": view}
    if request.htmx:
        return render(request, "videos/_prompt_offer.html", context, status=status)
    context |= {"kept": _kept(request.POST), "prompt": _prompt(request)}
    return render(request, "videos/prompt_offer.html", context, status=status)


def _kept(data: QueryDict) -> list[tuple[str, str]]:
    """Return what the form holds beside its prompt, to be sent along."""
    return [(name, str(value)) for name, values in data.lists() if name not in _NOT_KEPT for value in values]
