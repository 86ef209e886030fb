"""The studio: the form, what is in flight, and what has just arrived."""

from collections.abc import Mapping

from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from videos import casting, catalogue
from videos.catalogue import Offer
from videos.forms import GenerateForm, starting_values
from videos.models import IN_FLIGHT, Backend, PromptTemplate, Video
from videos.views.loading import Request, in_line, signed_in
from videos.views.paging import PUBLIC_ID

RECENT = 12  # cards below the form, besides what is in flight
AT_WORK = 48  # cards in flight; a batch of thousands is counted instead of drawn
_CHOICES = ("model", "seconds", "size")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@vary_on_headers("HX-Request")
def studio(request: Request) -> HttpResponse:
    """Show the studio, or create what was asked for. With HTMX, answer with the form and the new card."""
    if request.method == "POST":
        return _create(request)
    in_use = Backend.objects.in_use()
    offers = catalogue.offers(in_use)
    form = GenerateForm(initial=_starting(request, offers), owner=request.user, offers=offers)
    if request.htmx:
        return render(request, "videos/_form.html", _form_context(form, keep_reference=True))
    return _page(request, form, in_use)


def _create(request: Request) -> HttpResponse:
    in_use = Backend.objects.in_use()
    offers = catalogue.offers(in_use)
    form = GenerateForm(request.POST, request.FILES, owner=request.user, offers=offers)
    if not form.is_valid():
        if request.htmx:
            context = _form_context(form, keep_reference=not {"input_reference", "fit"} & set(form.errors))
            return render(request, "videos/_form.html", context, status=422)
        return _page(request, form, in_use, status=422)
    video = form.save()
    if not request.htmx:
        return redirect("videos:studio")
    in_line([video])
    initial = starting_values(_choices(request.POST), offers) | _chosen_characters(request.POST)
    fresh = GenerateForm(initial=initial, owner=request.user, offers=offers)
    return render(request, "videos/_created.html", {"video": video, **_form_context(fresh)})


def _page(request: Request, form: GenerateForm, in_use: list[Backend], status: int = 200) -> HttpResponse:
    videos = in_line(_recent(request))
    context = {
        "videos": videos,
        "waiting": _in_flight(request) - sum(video.is_in_flight for video in videos),
        "standing": catalogue.standing(in_use),
        "has_characters": casting.concerns(request.user.pk, in_use),
        "templates": PromptTemplate.objects.filter(enabled=True),
        **_form_context(form),
    }
    return render(request, "videos/studio.html", context, status=status)


def _form_context(form: GenerateForm, *, keep_reference: bool = False) -> dict[str, object]:
    """`keep_reference`: the image chosen in the page stays, though the form around it is replaced."""
    return {"form": form, "keep_reference": keep_reference}


def _recent(request: Request) -> QuerySet[Video]:
    mine = Video.objects.of(request.user).on_show()
    newest = mine.order_by("-pk").values("pk")[:RECENT]
    at_work = mine.filter(state__in=IN_FLIGHT).order_by("pk").values("pk")[:AT_WORK]
    return mine.filter(Q(pk__in=newest) | Q(pk__in=at_work)).order_by("-pk")


def _in_flight(request: Request) -> int:
    return Video.objects.of(request.user).on_show().in_flight().count()


def _starting(request: Request, offers: Mapping[str, Offer]) -> dict[str, object]:
    """What the form starts with: all of the video that `?like=` names, when it is one's own; else what is
    chosen already, under the template asked for.
    """
    video = _like(request)
    if video is None:
        return starting_values(_prefilled(request.GET), offers) | _chosen_characters(request.GET)
    asked = {name: str(getattr(video, name)) for name in (*_CHOICES, "prompt")}
    characters = list(video.characters.values_list("public_id", flat=True))
    return starting_values(asked, offers) | {"characters": characters, "fit": video.reference_fit}


def _like(request: Request) -> Video | None:
    like = request.GET.get("like", "")
    return (
        Video.objects.of(request.user).filter(public_id=like).first() if PUBLIC_ID.fullmatch(like) else None
    )


def _prefilled(query: QueryDict) -> dict[str, str]:
    """What is chosen in the page already, under the template asked for."""
    chosen = _choices(query)
    number = query.get("template", "")
    if number.isdecimal() and len(number) < 10:
        template = PromptTemplate.objects.filter(pk=int(number), enabled=True).first()
        if template is not None:
            filled = {name: getattr(template, name) for name in (*_CHOICES, "prompt")}
            chosen.update({name: str(value) for name, value in filled.items() if value})
    return chosen


def _choices(data: QueryDict) -> dict[str, str]:
    return {name: str(data.get(name, "")) for name in _CHOICES}


def _chosen_characters(data: QueryDict) -> dict[str, object]:
    return {"characters": data.getlist("characters")}
