"""The studio: the form, what is in flight, and what has just arrived."""

from collections import Counter
from collections.abc import Mapping

from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from videos.capabilities import Offer, available_offers, backend_status
from videos.forms.generate import GenerateForm, initial_values
from videos.forms.templates import VariablesForm
from videos.models import IN_FLIGHT, Backend, PromptTemplate, Video
from videos.services.characters import can_use_characters
from videos.views.access import Request, signed_in, video_from_query
from videos.views.selectors import with_queue_info
from videos.views.takes import in_order

RECENT = 12  # cards below the form, besides what is in flight
AT_WORK = 48  # cards in flight; a batch of thousands is counted instead of drawn
IDEAS = 8  # templates in the row below the form
OWN_IDEAS = 3  # of them, the newest of one's own
_CHOICES = ("model", "seconds", "size")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@vary_on_headers("HX-Request")
def studio(request: Request) -> HttpResponse:
    """Show the studio, or create what was asked for. With HTMX, answer with the form and the new cards."""
    in_use = Backend.objects.in_use()
    offers = available_offers(in_use)
    if request.method == "POST":
        return _create(request, in_use, offers)
    template = _template(request)
    blanks = VariablesForm.of(template.prompt) if template is not None else None
    form = GenerateForm(initial=_starting(request, template, offers), owner=request.user, offers=offers)
    # All of a video is its image too, or that it had none.
    return _show(request, in_use, _form_context(form, blanks, keep_reference="like" not in request.GET))


def _create(request: Request, in_use: list[Backend], offers: Mapping[str, Offer]) -> HttpResponse:
    blanks = VariablesForm.sent(request.POST)
    data = request.POST.copy()
    if blanks is not None:
        data["prompt"] = blanks.wording
    if "as_text" in data:
        written = _chosen(data, offers) | {"prompt": data.get("prompt", "")}
        written["reference"] = data.get("reference", "")
        form = GenerateForm(initial=written, owner=request.user, offers=offers)
        return _show(request, in_use, _form_context(form, keep_reference=True))
    form = GenerateForm(data, request.FILES, owner=request.user, offers=offers)
    # Both are asked, so that every mistake is told at once.
    valid = all([form.is_valid(), blanks is None or blanks.is_valid()])
    videos = form.save_takes() if valid else None
    if videos is None:
        keep_reference = not {"input_reference", "reference", "fit"} & set(form.errors)
        context = _form_context(form, blanks, keep_reference=keep_reference)
        return _show(request, in_use, context, status=422)
    if not request.htmx:
        return redirect("videos:studio")
    fresh = GenerateForm(initial=_chosen(request.POST, offers), owner=request.user, offers=offers)
    return render(
        request, "videos/_generate_result.html", {"videos": with_queue_info(videos), **_form_context(fresh)}
    )


def _show(
    request: Request, in_use: list[Backend], context: dict[str, object], status: int = 200
) -> HttpResponse:
    """Draw the form, as `_form_context` describes it: alone for HTMX, else with its page around it."""
    if request.htmx:
        return render(request, "videos/_composer.html", context, status=status)
    videos = with_queue_info(in_order(_recent(request)))
    around = {
        "videos": videos,
        "waiting": _in_flight(request) - sum(video.is_in_flight for video in videos),
        "standing": backend_status(in_use),
        "has_characters": can_use_characters(request.user.pk, in_use),
        "templates": _ideas(request, in_full=not videos),
        "keep_reference": False,
    }
    return render(request, "videos/studio.html", context | around, status=status)


def _form_context(
    form: GenerateForm, blanks: VariablesForm | None = None, *, keep_reference: bool = False
) -> dict[str, object]:
    """`blanks`: what stands in for the prompt. `keep_reference`: the image chosen in the page stays, though
    the form around it is replaced.
    """
    return {"form": form, "blanks": blanks, "keep_reference": keep_reference}


def _ideas(request: Request, *, in_full: bool) -> list[PromptTemplate]:
    """The newest of one's own, then the shared ones: the first of every category, the second, and so on.

    The prompts, which may be long, are read only `in_full`.
    """
    seen = PromptTemplate.objects.visible_to(request.user)
    if not in_full:
        seen = seen.defer("prompt")
    own = list(seen.filter(owner=request.user).order_by("-pk")[:OWN_IDEAS])
    rank: Counter[str] = Counter()
    ranked = []
    for template in seen.filter(owner=None):
        ranked.append((rank[template.category], template))
        rank[template.category] += 1
    ranked.sort(key=lambda pair: pair[0])
    return [*own, *(template for _, template in ranked)][:IDEAS]


def _recent(request: Request) -> QuerySet[Video]:
    mine = Video.objects.visible_to(request.user).not_trashed()
    newest = mine.order_by("-pk").values("pk")[:RECENT]
    at_work = mine.filter(state__in=IN_FLIGHT).order_by("pk").values("pk")[:AT_WORK]
    return mine.filter(Q(pk__in=newest) | Q(pk__in=at_work)).order_by("-pk")


def _in_flight(request: Request) -> int:
    return Video.objects.visible_to(request.user).not_trashed().in_flight().count()


def _template(request: Request) -> PromptTemplate | None:
    """The template that `?template=` asks for; None when there is none, or none that one may see."""
    number = request.GET.get("template", "")
    if not (number.isdecimal() and len(number) < 10):
        return None
    return PromptTemplate.objects.visible_to(request.user).filter(pk=int(number)).first()


def _starting(
    request: Request, template: PromptTemplate | None, offers: Mapping[str, Offer]
) -> dict[str, object]:
    """What the form starts with: all of the video that `?like=` names; else the template asked for, or the
    prompt of the video that `?prompt_of=` names, and the image that `?reference=` names, over what is chosen
    in the page already.
    """
    if video := video_from_query(request, "like"):
        return _of_video(video, request.GET.get("takes", ""), offers)
    given = {}
    if template is not None:
        filled = {name: getattr(template, name) for name in _CHOICES}
        given = {name: str(value) for name, value in filled.items() if value}
        given["prompt"] = template.parsed.sketch({})
    elif video := video_from_query(request, "prompt_of"):
        given["prompt"] = video.prompt
    image = {"reference": request.GET["reference"]} if "reference" in request.GET else {}
    return _chosen(request.GET, offers, **given) | image


def _of_video(video: Video, takes: str, offers: Mapping[str, Offer]) -> dict[str, object]:
    """All that was asked for, but how many `takes` are wanted now, which is no setting of a video."""
    asked = {name: str(getattr(video, name)) for name in (*_CHOICES, "prompt")} | {"takes": takes}
    characters = list(video.characters.values_list("public_id", flat=True))
    image = {"reference": video.reference.public_id} if video.reference else {}
    return initial_values(asked, offers) | {"characters": characters, "fit": video.reference_fit} | image


def _chosen(data: QueryDict, offers: Mapping[str, Offer], **given: str) -> dict[str, object]:
    """What is chosen in the page already, under what is `given`."""
    choices = {name: str(data.get(name, "")) for name in (*_CHOICES, "takes")}
    return initial_values(choices | given, offers) | {"characters": data.getlist("characters")}
