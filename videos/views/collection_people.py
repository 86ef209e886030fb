"""The people of a collection: whom it is shared with, leaving it, and handing it over."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from videos.forms.collections import PersonForm
from videos.models import Collection, CollectionMember, CollectionRole
from videos.services import collection_people as service
from videos.services.collections import rights_in
from videos.views.access import Request, get_collection
from videos.views.collections import get_managed


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def people(request: Request, public_id: str) -> HttpResponse:
    """List the people to those who may edit the collection. A POST shares it with one more, or sets a role.

    HTMX, typing a name into `username`, gets the people whose usernames begin so.
    """
    collection = get_collection(request, public_id)
    rights = rights_in(collection, request.user)
    if not rights.sees_people or (request.method == "POST" and not rights.can_manage):
        raise Http404
    if request.method == "POST":
        return _share(request, collection)
    if request.htmx:
        found = service.find_people(collection, request.GET.get("username", "")) if rights.can_manage else []
        return render(request, "videos/_person_options.html", {"people": found})
    return _draw(request, collection, PersonForm())


@require_POST
def remove(request: Request, public_id: str) -> HttpResponse:
    """Share the collection with `username` no longer."""
    collection = get_managed(request, public_id)
    username = request.POST.get("username", "")
    if service.remove_person(collection, username):
        messages.success(
            request, gettext("This collection is no longer shared with %(name)s.") % {"name": username}
        )
    return redirect("videos:collection_people", public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST ends that one is among the collection's people."""
    collection = get_collection(request, public_id)
    if not rights_in(collection, request.user).can_leave:
        raise Http404
    if request.method != "POST":
        return render(request, "videos/collection_leave_confirm.html", {"collection": collection})
    service.leave(request.user, collection)
    messages.success(request, gettext("You have left “%(name)s”.") % {"name": collection.name})
    return redirect("videos:collections")


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: Request, public_id: str) -> HttpResponse:
    """Ask whom to hand the collection to; a POST makes `username` its owner."""
    collection = get_managed(request, public_id)
    form = PersonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            heir = service.hand_over(request.user, collection, form.cleaned_data["username"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request,
                gettext("“%(name)s” belongs to %(person)s now.")
                % {"name": collection.name, "person": heir.username},
            )
            return redirect("videos:collections")
    context = {"collection": collection, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "videos/collection_hand_over.html", context, status=status)


def _share(request: Request, collection: Collection) -> HttpResponse:
    form = PersonForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            membership = service.share_with(request.user, collection, data["username"], data["role"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _tell_role(membership))
            return redirect("videos:collection_people", collection.public_id)
    return _draw(request, collection, form, status=422)


def _tell_role(membership: CollectionMember) -> str:
    name = {"name": membership.person.username}
    if membership.role == CollectionRole.EDITOR:
        return gettext("Shared with %(name)s as editor.") % name
    return gettext("Shared with %(name)s as viewer.") % name


def _draw(request: Request, collection: Collection, form: PersonForm, status: int = 200) -> HttpResponse:
    context = {
        "collection": collection,
        "rights": rights_in(collection, request.user),
        "form": form,
        "memberships": collection.memberships.select_related("person").order_by("person__username"),
    }
    return render(request, "videos/collection_people.html", context, status=status)
