"""The form of what one is told, and how."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from notifications.models import MAX_LONG_MINUTES, Inbox
from notifications.topics import TOPICS, Channel, Topic, TopicInfo


@dataclass(frozen=True)
class Row:
    """One topic, and a box for each way to be told of it."""

    topic: Topic
    info: TopicInfo
    boxes: list[tuple[str, BoundField]]


class PreferencesForm(forms.ModelForm[Inbox]):
    class Meta:
        model = Inbox
        fields = ("has_sound", "long_minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for topic in Topic:
            for channel in Channel:
                initial = self.instance.is_on(topic, channel)
                self.fields[_name(topic, channel)] = forms.BooleanField(required=False, initial=initial)
        minutes = self.fields["long_minutes"]
        minutes.widget.attrs |= {"min": 1, "max": MAX_LONG_MINUTES, "inputmode": "numeric"}

    def rows(self) -> Iterator[Row]:
        """Yield the topics in the order in which they are drawn."""
        for topic, info in TOPICS.items():
            yield Row(topic, info, [(way.label, self[_name(topic, way)]) for way in Channel])

    def apply(self) -> None:
        """Put what was chosen into the inbox, which is to be saved then."""
        for topic in Topic:
            for channel in Channel:
                self.instance.switch(topic, channel, self.cleaned_data[_name(topic, channel)])


def _name(topic: Topic, channel: Channel) -> str:
    return f"{topic}_{channel}"
