"""Remix, edit and extend: a page each, with the source beside the form."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from videos.capabilities import capabilities_for
from videos.forms.derivations import DerivationForm, EditForm, ExtendForm, RemixForm
from videos.models import Video
from videos.prompts.diff import diff_prompts
from videos.services.approvals import explain_wait
from videos.services.derivations import explain_derivation_refusal
from videos.services.generation_requests import MAX_PROMPT_LENGTH
from videos.views.access import Request, get_video, video_from_query
from videos.views.form_keys import NOT_SUBMITTED, REPEATED, submit_form


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def remix(request: Request, public_id: str) -> HttpResponse:
    return _derive(request, public_id, RemixForm)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def edit(request: Request, public_id: str) -> HttpResponse:
    return _derive(request, public_id, EditForm)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def extend(request: Request, public_id: str) -> HttpResponse:
    return _derive(request, public_id, ExtendForm)


@require_POST
def prompt_difference(request: Request, public_id: str) -> HttpResponse:
    """Show what the typed `prompt` changes in that of the video. Nothing is kept."""
    source = get_video(request, public_id)
    typed = request.POST.get("prompt", "")[:MAX_PROMPT_LENGTH]
    context = {"difference": diff_prompts(source.prompt, typed)}
    return render(request, "videos/_prompt_difference.html", context)


def _derive(request: Request, public_id: str, form_class: type[DerivationForm]) -> HttpResponse:
    """Show the form, with the prompt of `?prompt_of=`, which was to be made of the same source; a POST
    creates the takes and leads to the page of the first. 409 with the reason where impossible.
    """
    source = get_video(request, public_id)
    capabilities = capabilities_for(source)
    if not form_class.is_possible(capabilities):
        return _unavailable(request, source, form_class.verb)
    if request.method != "POST":
        begun = video_from_query(request, "prompt_of")  # one that failed for its prompt
        is_of_source = begun is not None and begun.source_id == source.pk
        form = form_class(source, capabilities, prompt=begun.prompt if begun and is_of_source else "")
        return render(request, "videos/derivation.html", {"form": form, "video": source})
    form = form_class(source, capabilities, request.POST)
    submission = NOT_SUBMITTED
    if form.is_valid():
        submission = submit_form(request, lambda: form.save(request.user))
    if submission.videos is None:
        template = "videos/_derivation_form.html" if request.htmx else "videos/derivation.html"
        return render(request, template, {"form": form, "video": source}, status=422)
    # A repeated form whose video has been deleted since leads to the source.
    target = redirect(submission.approval or next(iter(submission.videos), source))
    if not submission.is_new:
        messages.info(request, REPEATED)
    elif submission.approval:
        messages.info(request, explain_wait(submission.approval))
    return HttpResponseClientRedirect(target.url) if request.htmx else target


def _unavailable(request: Request, source: Video, verb: str) -> HttpResponse:
    if request.htmx:  # it was possible when the page was opened: loading it again tells why it no longer is
        return HttpResponseClientRedirect(request.path)
    context = {"video": source, "verb": verb, "reason": explain_derivation_refusal(source, verb)}
    return render(request, "videos/action_unavailable.html", context, status=409)
