"""The pages of one's own webhooks: list, create, look after, and the log of deliveries."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import roles
from accounts.models import User
from contentgen import encryption
from webhooks import endpoints as service
from webhooks.forms import EndpointForm, ResendForm
from webhooks.log import UnknownDeliveryError, read_page
from webhooks.models import Delivery, DeliveryState, Endpoint
from webhooks.problems import UNREADABLE

_View = Callable[..., HttpResponseBase]


def _creators_only(view: _View) -> _View:
    """Decorate a view that viewers may not see; the rest is `RoleMiddleware`'s."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not roles.may_create(cast(User, request.user)):
            return render(request, "account/viewers_only_look.html", status=403)
        return view(request, *args, **kwargs)

    return checked


def _own(request: HttpRequest, public_id: str) -> Endpoint:
    """Return one of the person's webhooks; 404 for any other."""
    own = Endpoint.objects.owned_by(cast(User, request.user)).select_related("owner")
    return get_object_or_404(own, public_id=public_id)


@require_safe
@_creators_only
@never_cache
def endpoints(request: HttpRequest) -> HttpResponse:
    """List the webhooks."""
    own = Endpoint.objects.owned_by(cast(User, request.user))
    return render(request, "webhooks/endpoints.html", {"endpoints": own})


@require_http_methods(["GET", "HEAD", "POST"])
@_creators_only
@never_cache
@sensitive_variables("secret")
def create(request: HttpRequest) -> HttpResponse:
    """Show the form; a POST creates a webhook, and shows its secret."""
    form = EndpointForm(cast(User, request.user), request.POST if request.method == "POST" else None)
    if form.is_valid() and (made := form.save()):
        endpoint, secret = made
        return _page(request, endpoint, secret=secret, is_new=True)
    return render(request, "webhooks/form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@_creators_only
@never_cache
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the form of a webhook; a POST changes it."""
    endpoint = _own(request, public_id)
    before = {"url": endpoint.url, "description": endpoint.description, "kinds": endpoint.kinds}
    data = request.POST if request.method == "POST" else None
    form = EndpointForm(cast(User, request.user), data, endpoint=endpoint, initial=before)
    if form.is_valid() and form.save():
        messages.success(request, gettext("Webhook saved."))
        return redirect("webhooks:endpoint", endpoint.public_id)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "webhooks/form.html", context, status=422 if form.errors else 200)


@require_safe
@_creators_only
@never_cache
def endpoint(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a webhook and its log."""
    return _page(request, _own(request, public_id))


def _page(
    request: HttpRequest, endpoint: Endpoint, *, secret: str = "", is_new: bool = False
) -> HttpResponse:
    state = request.GET.get("state", "")
    try:
        log = read_page(endpoint, after=request.GET.get("after", "").replace("\x00", ""), state=state)
    except UnknownDeliveryError as error:
        raise Http404 from error
    context = {
        "endpoint": endpoint,
        "log": log,
        "state": state,
        "states": [("", gettext("All")), *DeliveryState.choices],
        "secret": secret,
        "is_new": is_new,
        "resend_form": ResendForm(),
    }
    return render(request, "webhooks/endpoint.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@_creators_only
@never_cache
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask for confirmation; a POST deletes the webhook with its log."""
    endpoint = _own(request, public_id)
    if request.method != "POST":
        return render(request, "webhooks/delete_confirm.html", {"endpoint": endpoint})
    service.delete(endpoint)
    messages.success(request, gettext("Webhook deleted."))
    return redirect("webhooks:endpoints")


@require_POST
@_creators_only
def pause(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hold what is to be sent."""
    endpoint = _own(request, public_id)
    if service.pause(endpoint):
        messages.success(request, gettext("Webhook paused. Events are kept, and sent when it goes on."))
    return redirect("webhooks:endpoint", endpoint.public_id)


@require_POST
@_creators_only
def resume(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go on with a webhook that was paused or disabled."""
    endpoint = _own(request, public_id)
    if service.resume(endpoint):
        messages.success(request, gettext("Webhook active."))
    return redirect("webhooks:endpoint", endpoint.public_id)


@require_POST
@_creators_only
def send_test(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send a test event."""
    endpoint = _own(request, public_id)
    _tell(
        request,
        lambda: service.send_test(endpoint),
        gettext("Test on its way. The log shows what becomes of it."),
    )
    return redirect("webhooks:endpoint", endpoint.public_id)


@require_POST
@_creators_only
@never_cache
@sensitive_variables("secret")
def secret(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the secret again. By POST, so that it is in no history and no address."""
    endpoint = _own(request, public_id)
    try:
        secret = encryption.decrypt(endpoint.secret)
    except encryption.UnreadableSecretError:
        messages.error(request, gettext(UNREADABLE))
        return redirect("webhooks:endpoint", endpoint.public_id)
    return _page(request, endpoint, secret=secret)


@require_http_methods(["GET", "HEAD", "POST"])
@_creators_only
@never_cache
@sensitive_variables("secret")
def rotate_secret(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask for confirmation; a POST makes a new secret, and shows it."""
    endpoint = _own(request, public_id)
    if request.method != "POST":
        context = {"endpoint": endpoint, "overlap": settings.WEBHOOK_SECRET_OVERLAP_HOURS}
        return render(request, "webhooks/rotate_confirm.html", context)
    secret = service.rotate_secret(endpoint)
    endpoint.refresh_from_db()
    return _page(request, endpoint, secret=secret)


@require_POST
@_creators_only
def resend(request: HttpRequest, public_id: str, delivery_id: str) -> HttpResponse:
    """Send one delivery once more."""
    endpoint = _own(request, public_id)
    delivery = get_object_or_404(Delivery, endpoint=endpoint, public_id=delivery_id)
    delivery.endpoint = endpoint
    _tell(
        request,
        lambda: service.resend(delivery),
        gettext("On its way again. The log shows what becomes of it."),
    )
    return redirect("webhooks:endpoint", endpoint.public_id)


@require_POST
@_creators_only
def resend_failed(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send all that failed in some time once more."""
    endpoint, form = _own(request, public_id), ResendForm(request.POST)
    if form.is_valid():
        _tell(
            request,
            lambda: service.resend_failed(endpoint, form.since),
            gettext("%(count)d on their way again."),
        )
    return redirect("webhooks:endpoint", endpoint.public_id)


def _tell(request: HttpRequest, action: Callable[[], object], sentence: str) -> None:
    """Carry out an action, and say what came of it at the top of the next page."""
    try:
        result = action()
    except service.NotPossibleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, sentence % {"count": result})
