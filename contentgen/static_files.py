"""The static files of a production studio: compressed, and under names that change with what is in them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

# Not Django's own switch for this: it looks into the comments of other packages' scripts too, and fails.
_OUR_SCRIPTS = "js/*.js"
_IMPORT = (r'(?P<matched>from "(?P<url>\./[\w-]+\.js)")', 'from "%(url)s"')


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # without types
    """WhiteNoise's storage, where our scripts import each other by those names too: a browser that kept one
    of an older studio would else run it with newer ones.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, (_OUR_SCRIPTS, (_IMPORT,)))
