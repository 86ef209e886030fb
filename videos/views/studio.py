"""The studio: the form, what is in flight, and what has just arrived."""

from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from videos.forms import GenerateForm, starting_values
from videos.models import IN_FLIGHT, PromptTemplate, Video
from videos.views.loading import Request, in_line, signed_in

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
    form = GenerateForm(initial=_prefilled(request.GET))
    if request.htmx:
        return render(request, "videos/_form.html", _form_context(form, keep_reference=True))
    return _page(request, form)


def _create(request: Request) -> HttpResponse:
    form = GenerateForm(request.POST, request.FILES)
    if not form.is_valid():
        if request.htmx:
            context = _form_context(form, keep_reference="input_reference" not in form.errors)
            return render(request, "videos/_form.html", context, status=422)
        return _page(request, form, status=422)
    video = form.save(request.user)
    if not request.htmx:
        return redirect("videos:studio")
    in_line([video])
    fresh = GenerateForm(initial=starting_values(_choices(request.POST)))
    return render(request, "videos/_created.html", {"video": video, **_form_context(fresh)})


def _page(request: Request, form: GenerateForm, status: int = 200) -> HttpResponse:
    videos = in_line(_recent(request))
    context = {
        "videos": videos,
        "waiting": _in_flight(request) - sum(video.is_in_flight for video in videos),
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


def _prefilled(query: QueryDict) -> dict[str, object]:
    """What the form starts with: the template asked for, over what is chosen in the page already."""
    chosen = _choices(query)
    number = query.get("template", "")
    if number.isdecimal() and len(number) < 10:
        template = PromptTemplate.objects.filter(pk=int(number), enabled=True).first()
        if template is not None:
            filled = {name: getattr(template, name) for name in (*_CHOICES, "prompt")}
            chosen.update({name: str(value) for name, value in filled.items() if value})
    return starting_values(chosen)


def _choices(data: QueryDict) -> dict[str, str]:
    return {name: str(data.get(name, "")) for name in _CHOICES}
