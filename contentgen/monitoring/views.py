"""`/metrics`, for Prometheus: with a token, or on a port of its own, and nowhere else."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contentgen.monitoring.ports import is_private_port


@login_not_required
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with all metrics; 404 where none are to be had, 401 without the right token.

    What cannot be looked at now is left out, which `contentgen_database_up` and others tell: a scrape fails
    only with the web process itself.
    """
    if not is_private_port(request):
        if not settings.METRICS_TOKEN:
            raise Http404("There are no metrics here.")
        if not _has_token(request):
            return HttpResponse("Send the METRICS_TOKEN.\n", status=401, headers=_CHALLENGE)
    # Nobody else needs what it imports.
    from contentgen.monitoring.exposition import render

    body, content_type = render(request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=content_type)


_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="metrics"', "Content-Type": "text/plain"}


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return same and scheme.lower() == "bearer"
