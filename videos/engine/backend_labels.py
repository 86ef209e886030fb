"""Names and explanations that `videos.backends` has for pages, which knows no Django and so cannot mark
them for translation: of parameters, and of the services that the Connect page offers. Pages show them by
`translated`.
"""

from django.utils.translation import gettext_noop

PARAMETERS = (
    gettext_noop("Seed"),
    gettext_noop(
        "The same seed with the same settings gives a similar video. Several takes count up from it. Empty:"
        " a new one for each video."
    ),
    gettext_noop("Negative prompt"),
    gettext_noop("What the video should not show."),
    gettext_noop("Sound"),
    gettext_noop("Whether the video has sound."),
    gettext_noop("Frames per second"),
    gettext_noop("Steps"),
    gettext_noop("More steps give more detail, and take longer."),
    gettext_noop("Guidance"),
    gettext_noop("How closely the video keeps to the prompt."),
    gettext_noop("How closely the video keeps to the prompt; 6 to 10 is usual."),
    gettext_noop("Guidance, second model"),
    gettext_noop("Flow shift"),
    gettext_noop("Rewrite prompt"),
    gettext_noop("Whether the maker rewrites the prompt."),
    gettext_noop("People"),
)
CONNECTION_KINDS = (
    gettext_noop("About every video model that is sold by API, with one key. Tells what each video cost."),
    gettext_noop("Gemini Omni, with a key of Google AI Studio."),
    gettext_noop("Models of several makers, with one key. Tells what each video cost."),
    gettext_noop("Open models on a graphics card of your own."),
    gettext_noop("Only if the server was started with one."),
    gettext_noop("A proxy of yours in front of several providers."),
    gettext_noop("Its master key, or a virtual key for the studio."),
    gettext_noop("Another Videos API"),
    gettext_noop("Any other server that speaks the Videos API of OpenAI."),
    gettext_noop("Only if the server asks for one."),
    gettext_noop("Another ContentGen"),
    gettext_noop("Another studio makes the videos, and pays for them."),
    gettext_noop("An API token of an account there."),
)
