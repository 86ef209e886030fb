"""The one-time key of a form that costs money, as it comes with a request."""

from collections.abc import Callable
from typing import cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.translation import gettext_lazy

from billing.spender import read_confirmed_price, spending
from videos.services.approvals import explain_wait
from videos.services.form_keys import Created, Submission, create_once_per_form, fingerprint_form
from videos.views.access import Request
from videos.views.notifications import notify

FIELD = "form_key"
_NOT_CONTENT = (FIELD, "csrfmiddlewaretoken")

NOT_SUBMITTED = Submission(None, is_new=True)  # the outcome of a form that is not valid

REPEATED = gettext_lazy("This form had been sent before, so nothing new was created.")


def submit_form(request: Request, create: Callable[[], Created]) -> Submission:
    """Create what the form of this request asks for, once for each form that was drawn, at no more than what
    the form showed or confirmed.
    """
    key = request.POST.get(FIELD, "")
    fields = {name: values for name, values in sorted(request.POST.lists()) if name not in _NOT_CONTENT}
    files = {}
    for name in request.FILES if key else ():
        file = cast("UploadedFile[bytes]", request.FILES[name])
        file.seek(0)
        files[name] = file.read()
        file.seek(0)
    confirmed, shown = (
        read_confirmed_price(request.POST.get(name, "")) for name in ("confirm_price", "shown_price")
    )
    with spending(confirmed_price=confirmed, shown_price=shown):
        return create_once_per_form(request.user, key, fingerprint_form(request.path, fields, files), create)


def note_repetition(request: Request, response: HttpResponse, submission: Submission) -> HttpResponse:
    """Return the response, with a note where the form had been sent before, or waits for approval."""
    if not submission.is_new:
        return notify(request, response, REPEATED)
    return notify(request, response, explain_wait(submission.approval)) if submission.approval else response
