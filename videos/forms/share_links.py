"""The forms by which a link is made and changed, and by which visitors comment."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.models import User
from videos.forms.base import CreationForm
from videos.models import Collection, ShareLink, Video
from videos.models.share_comment import COMMENT_LIMIT, COMMENT_NAME_LIMIT
from videos.models.share_link import LINK_TITLE_LIMIT
from videos.services.share_links import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    LinkOptions,
    change_link,
    create_link,
    default_days,
)

_USUAL_DAYS = (1, 7, 30, 90, 365)
_NEVER = "never"


class LinkOptionsForm(forms.Form):
    """What a link shows and allows. With `link`, the form of one that is there, which `apply` changes."""

    title = forms.CharField(
        label=gettext_lazy("Title (optional)"),
        required=False,
        max_length=LINK_TITLE_LIMIT,
        help_text=gettext_lazy("What visitors read above it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    shows_prompt = forms.BooleanField(label=gettext_lazy("Show the prompt"), required=False)
    allows_download = forms.BooleanField(label=gettext_lazy("Allow downloads"), required=False)
    allows_comments = forms.BooleanField(label=gettext_lazy("Allow comments"), required=False)

    @classmethod
    def of(cls, link: ShareLink, data: Mapping[str, Any] | None = None) -> "LinkOptionsForm":
        """Return the form of a link as it is now."""
        return cls(data, initial={name: getattr(link, name) for name in cls.base_fields})

    @property
    def options(self) -> LinkOptions:
        """What a valid form asks for."""
        return LinkOptions(**{name: self.cleaned_data[name] for name in LinkOptionsForm.base_fields})

    def apply(self, link: ShareLink) -> bool:
        """Change the link as a valid form says. False, with an error at its field, if that is refused."""
        try:
            change_link(link, self.options)
        except forms.ValidationError as error:
            self.add_error(None, error)
            return False
        return True


class ShareLinkForm(LinkOptionsForm, CreationForm[ShareLink]):
    """A new link to `shared`."""

    days = forms.ChoiceField(label=gettext_lazy("Expires"))
    password = forms.CharField(
        label=gettext_lazy("Password (optional)"),
        required=False,
        strip=False,
        max_length=MAX_PASSWORD,
        help_text=format_lazy(
            gettext_lazy("At least {count} characters. Send it by another way than the link."),
            count=MIN_PASSWORD,
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order = ("title", "days", "password", "shows_prompt", "allows_download", "allows_comments")

    def __init__(self, shared: Video | Collection, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"days": str(default_days())})
        self._shared = shared
        cast(forms.ChoiceField, self.fields["days"]).choices = _day_choices()

    def _create(self, owner: User) -> ShareLink:
        days = self.cleaned_data["days"]
        return create_link(
            owner,
            self._shared,
            self.options,
            days=None if days == _NEVER else int(days),
            password=self.cleaned_data["password"],
        )


class CommentForm(forms.Form):
    """What a visitor says. `website` is for programs that fill in every field; people do not see it."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=COMMENT_NAME_LIMIT,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    text = forms.CharField(  # whose length the service checks: browsers send two characters for a line break
        label=gettext_lazy("Comment"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": COMMENT_LIMIT}),
    )
    website = forms.CharField(
        label=gettext_lazy("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )


def _day_choices() -> list[tuple[str, str]]:
    longest = settings.SHARE_LINK_MAX_DAYS
    offered = sorted({days for days in (*_USUAL_DAYS, default_days(), longest) if days <= longest})
    choices = [
        (str(days), ngettext("In %(count)d day", "In %(count)d days", days) % {"count": days})
        for days in offered
    ]
    return [*choices, (_NEVER, gettext("Never"))] if settings.SHARE_LINKS_WITHOUT_EXPIRY else choices
