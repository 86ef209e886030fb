"""The studio: the composer, what is in flight, and the latest videos."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from contentgen.uploads import takes_upload
from videos.capabilities import Offer, OfferCatalogue, backend_status
from videos.engine.fair_queue import MAX_POSITION
from videos.forms.base import MAX_IN_ROW
from videos.forms.generate import GenerateForm, chosen_size, initial_values
from videos.forms.parameters import chosen_parameters
from videos.forms.templates import VariablesForm
from videos.models import IN_FLIGHT, Backend, Collection, PromptTemplate, State, Video
from videos.models.keyset import KeysetOrder
from videos.models.video_queries import VideoQuerySet
from videos.parameters import SEED
from videos.services.approvals import waiting_of
from videos.services.characters import can_use_characters
from videos.services.form_keys import Submission
from videos.services.images import max_images_size
from videos.services.prompt_help_server import prompt_help_server
from videos.services.visibility import is_owner, note_look
from videos.templatetags.studio import any_live
from videos.validation import is_public_id
from videos.views.access import Request, video_from_query
from videos.views.composer import Composer, describe_changes
from videos.views.form_keys import NOT_SUBMITTED, note_repetition, submit_form
from videos.views.models import draw_picker_page
from videos.views.selectors import with_queue_info
from videos.views.stacks import make_stack, stack_takes

MAX_RECENT = 12  # cards of the newest videos
MAX_IN_FLIGHT = 48  # cards and rows in flight; a batch of thousands is counted instead of drawn
MAX_SUGGESTIONS = 8  # templates in the row below the composer
MAX_OWN_SUGGESTIONS = 3  # of them, the newest of one's own
_SETTINGS = ("model", "seconds", "size")


@takes_upload(max_images_size)
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def studio(request: Request) -> HttpResponse:
    """Show the studio; a POST creates what its form asks for. HTMX gets the new cards, and the composer as it
    was sent: the next video is often the same one with a word changed.
    """
    in_use = Backend.objects.in_use()
    offers = _read_offers(in_use)
    if request.method == "POST":
        return _create(request, in_use, offers)
    collection = _collection_from(request)
    template = _template_from_query(request) or _template_of(collection)
    variables = VariablesForm.for_pattern(template.prompt) if template is not None else None
    initial = _initial(request, template, offers, collection)
    form = GenerateForm(initial=initial, owner=request.user, offers=offers)
    # To make another like a video is to take its images too, or that it had none; to clear, to have none.
    keep_images = "like" not in request.GET and "clear" not in request.GET
    composer = Composer(form, variables, keep_images, is_shaped="shaped" in request.GET)
    return _draw(request, in_use, composer)


@require_safe
def model_settings(request: Request) -> HttpResponse:
    """Show the composer's settings for the model `?choose=`, or `?model=`: the part that a page replaces.

    Of the length, ratio and resolution that are chosen already, the nearest that the model has are kept.
    """
    offers = _read_offers(Backend.objects.in_use())
    data = request.GET
    initial = _current_settings(data, offers)
    composer = Composer(GenerateForm(initial=initial, owner=request.user, offers=offers))
    changes = describe_changes(_sent_settings(data, offers), composer)
    context = {"composer": replace(composer, changes=changes)}
    return render(request, "videos/_model_settings.html", context)


def _read_offers(in_use: list[Backend]) -> OfferCatalogue:
    """Return the offers, of which those in a row of buttons are read already."""
    offers = OfferCatalogue(in_use)
    offers.first(MAX_IN_ROW + 1)
    return offers


def _create(request: Request, in_use: list[Backend], offers: Mapping[str, Offer]) -> HttpResponse:
    variables = VariablesForm.from_post(request.POST)
    data = request.POST.copy()
    if variables is not None:
        data["prompt"] = variables.prompt
    if "pick_model" in data:
        return draw_picker_page(request, kept=data)
    if "as_text" in data or "choose" in data:
        form = GenerateForm(initial=_typed(data, offers), owner=request.user, offers=offers)
        kept = variables if "choose" in data else None
        composer = Composer(form, kept, keep_images=True)
        changes = describe_changes(_sent_settings(data, offers), composer)
        return _draw(request, in_use, replace(composer, changes=changes))
    form = GenerateForm(data, request.FILES, owner=request.user, offers=offers)
    # Both are validated, so that every mistake is told at once.
    is_valid = all([form.is_valid(), variables is None or variables.is_valid()])
    submission = _submit(request, form) if is_valid else NOT_SUBMITTED
    if submission.videos is None:
        keep_images = not form.has_unusable_image and "fit" not in form.errors
        return _draw(request, in_use, Composer(form, variables, keep_images), status=422)
    if not request.htmx:
        return note_repetition(request, redirect(_address_of_next(submission.videos)), submission)
    initial = _typed(request.POST, offers) | _images_of(submission.videos[:1])
    form = GenerateForm(initial=initial, owner=request.user, offers=offers)
    # What waits for approval is no video yet that its images could be taken from.
    keep_images = submission.approval is not None
    context = {
        "stacks": [make_stack(with_queue_info(submission.videos))] if submission.videos else [],
        "composer": Composer(form, variables, keep_images, has_generated=True),
        "waiting": waiting_of(request.user) if submission.approval else None,
    }
    response = render(request, "videos/_generate_result.html", context)
    return note_repetition(request, response, submission)


def _submit(request: Request, form: GenerateForm) -> Submission:
    """Create what the valid form asks for. Its images are stored first, apart from any transaction."""
    try:
        with form.images.stored(request.user) as images:
            return submit_form(request, lambda: form.create_videos(images))
    except ValidationError as error:  # of the images: others are the form's already
        form.add_refusal(error)
        return NOT_SUBMITTED


def _address_of_next(videos: Sequence[Video]) -> str:
    """Return the studio's address with the form as it was sent, for a page without a script."""
    studio = reverse("videos:studio")
    if not videos:
        return studio
    return f"{studio}?{urlencode({'like': videos[0].public_id, 'takes': len(videos)})}"


def _draw(request: Request, in_use: list[Backend], composer: Composer, status: int = 200) -> HttpResponse:
    """Draw the composer: alone for HTMX, else with the page around it."""
    if request.htmx:
        return render(request, "videos/_composer.html", {"composer": composer}, status=status)
    stacks = stack_takes(list(_recent(request)), _shown(request), KeysetOrder())
    recent = with_queue_info(each for stack in stacks for each in stack.takes)
    waiting = [stack for stack in stacks if stack.is_single and stack.lead.state == State.QUEUED]
    context = {
        "composer": replace(composer, keep_images=False),
        "stacks": [stack for stack in stacks if stack not in waiting],
        "videos": recent,
        "waiting_videos": _in_order(stack.lead for stack in waiting),
        "is_live": any_live(recent),
        "waiting": waiting_of(request.user),
        "backend_status": backend_status(in_use),
        "has_characters": can_use_characters(request.user.pk, in_use),
        "prompt_help": prompt_help_server(in_use),
        "templates": _suggested_templates(request, with_prompts=not recent),
    }
    return render(request, "videos/studio.html", context, status=status)


def _suggested_templates(request: Request, *, with_prompts: bool) -> list[PromptTemplate]:
    """Return the newest of one's own, then the shared ones: the first of every category, then the second.

    The prompts, which may be long, are read only when asked for.
    """
    visible = PromptTemplate.objects.visible_to(request.user)
    if not with_prompts:
        visible = visible.defer("prompt")
    own = list(visible.filter(owner=request.user).order_by("-pk")[:MAX_OWN_SUGGESTIONS])
    rank: Counter[str] = Counter()
    ranked = []
    for template in visible.filter(owner=None):
        ranked.append((rank[template.category], template))
        rank[template.category] += 1
    ranked.sort(key=lambda pair: pair[0])
    return [*own, *(template for _, template in ranked)][:MAX_SUGGESTIONS]


def _recent(request: Request) -> QuerySet[Video]:
    """Return the newest videos and the oldest in flight, newest first, without those that were canceled.

    What waits is a row, and takes no picture's place.
    """
    visible = _shown(request)
    newest = visible.exclude(state=State.QUEUED).order_by("-pk").values("pk")[:MAX_RECENT]
    in_flight = visible.filter(state__in=IN_FLIGHT).order_by("pk").values("pk")[:MAX_IN_FLIGHT]
    return visible.filter(Q(pk__in=newest) | Q(pk__in=in_flight)).order_by("-pk")


def _shown(request: Request) -> VideoQuerySet:
    return Video.objects.owned_by(request.user).not_trashed().exclude(state=State.CANCELED)


def _in_order(waiting: Iterable[Video]) -> list[Video]:
    """Return what waits in the order of its starts; what is held, behind all else."""
    return sorted(waiting, key=lambda video: (video.queue_position or MAX_POSITION + 2, video.pk))


def _collection_from(request: Request) -> Collection | None:
    """Return the collection `?collection=` that new videos are put into; None where one may not."""
    public_id = request.GET.get("collection", "")
    if not is_public_id(public_id):
        return None
    editable = Collection.objects.editable_by(request.user).select_related("template")
    return editable.filter(public_id=public_id).first()


def _template_of(collection: Collection | None) -> PromptTemplate | None:
    template = collection and collection.template
    return template if template and template.enabled else None


def _template_from_query(request: Request) -> PromptTemplate | None:
    """Return the template `?template=`; None when there is none, or none that one may see."""
    number = request.GET.get("template", "")
    if not (number.isdecimal() and len(number) < 10):
        return None
    return PromptTemplate.objects.visible_to(request.user).filter(pk=int(number)).first()


def _initial(
    request: Request,
    template: PromptTemplate | None,
    offers: Mapping[str, Offer],
    collection: Collection | None = None,
) -> dict[str, object]:
    """Return what the form starts with.

    That is all of the video `?like=`; else the template, or the prompt of the video `?prompt_of=`, and the
    image `?reference=`, over what is chosen in the page already. `?seed` takes over the video's seed as well,
    which nobody may have chosen: the same picture again. What the `collection` has chosen goes before its
    template.
    """
    kept = {"collection": collection.public_id} if collection else {}
    if video := video_from_query(request, "like"):
        note_look(request.user, video, gettext_noop("Its prompt."))
        initial = _initial_from_video(request, video, offers) | kept
        if "seed" in request.GET and video.known_seed is not None:
            initial["parameters"] = {**video.parameters, SEED: video.known_seed}
        return initial
    given = _given_settings(template) | _given_settings(collection)
    if template is not None:
        given["prompt"] = template.parsed.preview({})
    elif video := video_from_query(request, "prompt_of"):
        note_look(request.user, video, gettext_noop("Its prompt."))
        given["prompt"] = video.prompt
    image = {"reference": request.GET["reference"]} if "reference" in request.GET else {}
    settings = _current_settings(request.GET, offers, **given) | image | kept
    if parameters := _given_parameters(template) | _given_parameters(collection):
        settings["parameters"] = {**chosen_parameters(request.GET), **parameters}
    return settings


def _given_settings(source: PromptTemplate | Collection | None) -> dict[str, str]:
    """Return the settings that a template or a collection begins with, by name."""
    values = {name: getattr(source, name) for name in _SETTINGS} if source else {}
    return {name: str(value) for name, value in values.items() if value}


def _given_parameters(source: PromptTemplate | Collection | None) -> dict[str, object]:
    return dict(source.parameters) if source else {}


def _initial_from_video(request: Request, video: Video, offers: Mapping[str, Offer]) -> dict[str, object]:
    """Return all that was asked for, but for the number of `takes`, which is no setting of a video; of
    another's video without images and characters, which are its owner's.
    """
    chosen = {name: str(getattr(video, name)) for name in (*_SETTINGS, "prompt")}
    chosen["takes"] = request.GET.get("takes", "")
    if not is_owner(request.user, video):
        return initial_values(chosen, offers) | {"parameters": video.parameters}
    characters = list(video.characters.values_list("public_id", flat=True))
    kept = {"characters": characters, "fit": video.reference_fit, "parameters": video.parameters}
    return initial_values(chosen, offers) | kept | _images_of([video])


def _images_of(videos: Sequence[Video]) -> dict[str, object]:
    """Return the images of the first video, as a form starts with them; nothing without a video."""
    if not videos:
        return {}
    video = videos[0]
    frames = {"reference": video.reference, "last_frame": video.last_frame}
    images: dict[str, object] = {name: image.public_id for name, image in frames.items() if image}
    return images | {"references": [image.public_id for image in video.references]}


def _typed(data: QueryDict, offers: Mapping[str, Offer]) -> dict[str, object]:
    """Return what a page's form starts with that is drawn anew from what was typed into it."""
    kept: dict[str, object] = {
        name: data.get(name, "") for name in ("prompt", "reference", "last_frame", "fit", "collection")
    }
    return _current_settings(data, offers) | kept | {"references": data.getlist("references")}


def _current_settings(data: QueryDict, offers: Mapping[str, Offer], **given: str) -> dict[str, object]:
    """Return what is chosen in the page, as far as nothing else is `given` and no other model is chosen."""
    another = {"model": str(data["choose"])} if data.get("choose") else {}
    chosen = _sent_settings(data, offers) | another | given
    kept: dict[str, object] = {
        "characters": data.getlist("characters"),
        "parameters": chosen_parameters(data),
    }
    if data.get("collection"):
        kept["collection"] = data["collection"]
    return initial_values(chosen, offers) | kept


def _sent_settings(data: QueryDict, offers: Mapping[str, Offer]) -> dict[str, str]:
    """Return the settings that a page sends, by name, with the size that its ratio and resolution name."""
    sent = {name: str(data.get(name, "")) for name in (*_SETTINGS, "takes")}
    return sent | {"size": chosen_size(data, offers)}
