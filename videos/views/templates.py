"""Prompt templates: the shared ones and one's own, to start from; one's own to write, edit and delete."""

from itertools import groupby

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from audit.admin_log import form_changes
from audit.trail import record
from audit.vocabulary import Action
from videos import subjects
from videos.forms.templates import OwnTemplateForm
from videos.models import PromptTemplate
from videos.prompts.syntax import escape_braces
from videos.views.access import Request, get_video, search_query


@require_safe
@vary_on_headers("HX-Request")
def templates(request: Request) -> HttpResponse:
    """Show the templates one may start from, one's own first; `?q=` searches title, category and prompt."""
    query = search_query(request)
    found = list(PromptTemplate.objects.visible_to(request.user).search(query))
    own = [each for each in found if each.owner_id]
    context = {"own": own[::-1], "categories": _by_category(found), "q": query}
    return render(request, "videos/_template_list.html" if request.htmx else "videos/templates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: Request) -> HttpResponse:
    """Write a template of one's own; it starts with the video `?of=`, where there is one."""
    if request.method == "POST":
        return _save(request, PromptTemplate())
    form = OwnTemplateForm(owner=request.user, initial=_initial_from_video(request))
    return render(request, "videos/template_form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    template = _get_own_template(request, pk)
    if request.method == "POST":
        return _save(request, template)
    form = OwnTemplateForm(instance=template, owner=request.user)
    return render(request, "videos/template_form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, pk: int) -> HttpResponse:
    """Ask first; a POST deletes. Videos made from the template stay."""
    template = _get_own_template(request, pk)
    if request.method != "POST":
        return render(request, "videos/template_delete_confirm.html", {"template": template})
    with transaction.atomic():
        record(Action.DELETED, subjects.template(template))
        template.delete()
    messages.info(request, gettext("Template “%(title)s” deleted.") % {"title": template.title})
    return redirect("videos:templates")


def _save(request: Request, template: PromptTemplate) -> HttpResponse:
    was_kept = template.pk is not None
    form = OwnTemplateForm(request.POST, instance=template, owner=request.user)
    if not form.is_valid():
        return render(request, "videos/template_form.html", {"form": form}, status=422)
    with transaction.atomic():
        saved = form.save()
        action = Action.CHANGED if was_kept else Action.CREATED
        record(action, subjects.template(saved), changes=form_changes(form) if was_kept else None)
        if saved.owner_id is None:
            record(Action.SHARED, subjects.template(saved), note=gettext_noop("With everyone."))
    if saved.owner_id is None:
        flag = CHANGE if was_kept else ADDITION
        change = gettext_noop("Shared with everyone.")
        LogEntry.objects.log_actions(request.user.pk, [saved], flag, change_message=change)
    if saved.owner_id:
        sentence = gettext("Template “%(title)s” saved.")
    else:
        sentence = gettext("Template “%(title)s” saved and shared with everyone.")
    messages.info(request, sentence % {"title": saved.title})
    return redirect("videos:templates")


def _get_own_template(request: Request, pk: int) -> PromptTemplate:
    """Return one's own template. Raises `Http404` for a shared one, another's or an unknown one."""
    return get_object_or_404(PromptTemplate, owner=request.user, pk=pk)


def _initial_from_video(request: Request) -> dict[str, object]:
    """Return what a template made from a video starts with.

    The video's prompt has no variables, whatever it looks like: its braces are escaped.
    """
    public_id = request.GET.get("of")
    if public_id is None:
        return {}
    video = get_video(request, public_id)
    return {
        "prompt": escape_braces(video.prompt),
        "model": video.model,
        "seconds": video.seconds,
        "size": video.size,
        "parameters": video.parameters,
    }


def _by_category(templates: list[PromptTemplate]) -> list[tuple[str, list[PromptTemplate]]]:
    """Return the shared templates by category, in the order of first mention; those without one come last."""
    shared = [each for each in templates if not each.owner_id]
    order = [*dict.fromkeys(each.category for each in shared if each.category), ""]
    shared.sort(key=lambda each: order.index(each.category))
    return [(category, list(group)) for category, group in groupby(shared, key=lambda each: each.category)]
