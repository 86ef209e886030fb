"""Prompt templates: those for everybody and one's own, to start from, and one's own to keep."""

from itertools import groupby

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from videos.forms.templates import OwnTemplateForm
from videos.models import PromptTemplate
from videos.prompts.syntax import escape_braces
from videos.views.access import Request, get_video, search_terms, signed_in


@require_safe
@signed_in
@vary_on_headers("HX-Request")
def templates(request: Request) -> HttpResponse:
    """Show all that one may start from, one's own first; `?q=` searches titles and prompts."""
    words = search_terms(request)
    seen = PromptTemplate.objects.visible_to(request.user)
    for word in words:
        seen = seen.filter(Q(title__icontains=word) | Q(prompt__icontains=word))
    found = list(seen)
    mine = [each for each in found if each.owner_id]
    context = {"mine": mine[::-1], "shelves": _shelves(found), "q": " ".join(words)}
    return render(request, "videos/_template_list.html" if request.htmx else "videos/templates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def create(request: Request) -> HttpResponse:
    """A new template of one's own; `?of=` names a video of one's own that it starts with."""
    if request.method == "POST":
        return _save(request, PromptTemplate())
    form = OwnTemplateForm(owner=request.user, initial=_of_video(request))
    return render(request, "videos/template_form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def change(request: Request, pk: int) -> HttpResponse:
    template = _own(request, pk)
    if request.method == "POST":
        return _save(request, template)
    return render(
        request, "videos/template_form.html", {"form": OwnTemplateForm(instance=template, owner=request.user)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: Request, pk: int) -> HttpResponse:
    """Ask first; a POST deletes. Videos made from it stay."""
    template = _own(request, pk)
    if request.method != "POST":
        return render(request, "videos/template_delete_confirm.html", {"template": template})
    template.delete()
    messages.info(request, f"Template “{template.title}” deleted.")
    return redirect("videos:templates")


def _save(request: Request, template: PromptTemplate) -> HttpResponse:
    form = OwnTemplateForm(request.POST, instance=template, owner=request.user)
    if not form.is_valid():
        return render(request, "videos/template_form.html", {"form": form}, status=422)
    saved = form.save()
    messages.info(
        request, f"Template “{saved.title}” saved{'' if saved.owner_id else ' and shared with everyone'}."
    )
    return redirect("videos:templates")


def _own(request: Request, pk: int) -> PromptTemplate:
    """One's own template. Raises `Http404` for a shared one, another's or an unknown one, to staff too."""
    return get_object_or_404(PromptTemplate, owner=request.user, pk=pk)


def _of_video(request: Request) -> dict[str, object]:
    """What a template made of a video starts with: its prompt means what it says, so braces are escaped."""
    public_id = request.GET.get("of")
    if public_id is None:
        return {}
    video = get_video(request, public_id)
    return {
        "prompt": escape_braces(video.prompt),
        "model": video.model,
        "seconds": video.seconds,
        "size": video.size,
    }


def _shelves(templates: list[PromptTemplate]) -> list[tuple[str, list[PromptTemplate]]]:
    """The shared ones by category, in the order in which the categories first come; without one, last."""
    shared = [each for each in templates if not each.owner_id]
    order = [*dict.fromkeys(each.category for each in shared if each.category), ""]
    shared.sort(key=lambda each: order.index(each.category))
    return [(name, list(each)) for name, each in groupby(shared, key=lambda each: each.category)]
