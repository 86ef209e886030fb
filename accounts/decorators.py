"""Decorators of views: for whom a page is."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts import roles
from accounts.models import User

_View = Callable[..., HttpResponseBase]


def managers_only(view: _View) -> _View:
    """Decorate a view that only managers and superusers may see; others get a 403."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not roles.may_manage(cast(User, request.user)):
            return render(request, "403.html", status=403)
        return view(request, *args, **kwargs)

    return checked
