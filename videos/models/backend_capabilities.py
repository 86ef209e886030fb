"""What a backend can do: what a probe found, and what staff know better."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

SIMULATOR_CAPABILITIES = {  # all there are
    "can_list": True,
    "can_delete": True,
    "can_remix": True,
    "can_edit": True,
    "can_extend": True,
    "can_characters": True,
    "takes_reference": True,
}


class BackendCapabilities(models.Model):
    """The columns of `Backend` that hold its capabilities.

    A column holds what counts: what staff have set, which is in `capabilities_set` too, else what probes and
    the engine have found, else None, for not known. What is found of one that staff have set is kept beside
    it in `capabilities_found`, for when they leave it to the service again.
    """

    # None: not known yet. `probe_backend` finds out what can be found out for free.
    can_list = models.BooleanField(_("lists its jobs"), null=True, blank=True)
    can_delete = models.BooleanField(_("deletes jobs"), null=True, blank=True)
    can_remix = models.BooleanField(_("remixes"), null=True, blank=True)
    can_edit = models.BooleanField(_("edits"), null=True, blank=True)
    can_extend = models.BooleanField(_("extends"), null=True, blank=True)
    can_characters = models.BooleanField(_("has characters"), null=True, blank=True)
    takes_reference = models.BooleanField(_("takes a reference image"), null=True, blank=True)
    honours_idempotency_key = models.BooleanField(
        _("honors Idempotency-Key"),
        null=True,
        blank=True,
        help_text=_("A request that is repeated with the same key is answered with the first one's job."),
    )
    probed_at = models.DateTimeField(null=True, editable=False)
    capabilities_set = models.JSONField(
        default=dict, editable=False, help_text=_("What staff have set, whatever a probe finds.")
    )
    capabilities_found = models.JSONField(
        default=dict, editable=False, help_text=_("What probes find of the capabilities that staff have set.")
    )
    probe_tried_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When it was last probed, with or without success.")
    )
    probe_problem = models.TextField(
        blank=True, default="", editable=False, help_text=_("What kept the latest probe from its end.")
    )
    probe_checks = models.JSONField(
        default=list, editable=False, help_text=_("The checks of the latest probe, as lists of fields.")
    )

    class Meta:
        abstract = True

    def found_capability(self, name: str) -> bool | None:
        """Return what the service itself shows of a capability; None where it does not."""
        found: bool | None = (
            self.capabilities_found.get(name) if name in self.capabilities_set else getattr(self, name)
        )
        return found

    def note_found(self, found: Mapping[str, bool | None]) -> list[str]:
        """Take over what a probe found, without saving. Returns the columns that may have changed.

        What it could not find out stays as it was, and what staff have set counts.
        """
        known = {name: can for name, can in found.items() if can is not None}
        hidden = {name: can for name, can in known.items() if name in self.capabilities_set}
        shown = {name: can for name, can in known.items() if name not in hidden}
        self.capabilities_found = {**self.capabilities_found, **hidden}
        for name, can in shown.items():
            setattr(self, name, can)
        return [*shown, "capabilities_found"]

    def set_capability(self, name: str, value: bool | None) -> None:
        """Set a capability by hand, or with None leave it to what probes find, without saving."""
        found = self.found_capability(name)
        kept = {key: can for key, can in self.capabilities_set.items() if key != name}
        hidden = {key: can for key, can in self.capabilities_found.items() if key != name}
        self.capabilities_set = kept if value is None else {**kept, name: value}
        self.capabilities_found = hidden if value is None else {**hidden, name: found}
        setattr(self, name, found if value is None else value)
