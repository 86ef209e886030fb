"""The sentences of `backends` and `media`, which know no Django and so cannot mark them for translation.

They are written there, in English, and get into the database from there. Here they are made known, so that
pages can show them in other languages. A test reads those modules, and fails when a sentence is missing here.
"""

from django.utils.translation import gettext_noop

from contentgen.stored_texts import sentence

# What an HTTP error becomes, alone or before the server's own words. `videos.backends.error_mapping`
_ERRORS = (
    gettext_noop("The backend refused the request."),
    gettext_noop("The backend refused the request: %(sentence)s"),
    gettext_noop("The backend answered with an error (HTTP %(status)d)."),
    gettext_noop("The backend answered with an error (HTTP %(status)d): %(sentence)s"),
    gettext_noop("The backend is not working."),
    gettext_noop("The backend is not working: %(sentence)s"),
    gettext_noop("The backend no longer has this video."),
    gettext_noop("The backend no longer has this video: %(sentence)s"),
    gettext_noop("The backend's account is out of credit."),
    gettext_noop("The backend's account is out of credit: %(sentence)s"),
    gettext_noop("The backend takes no more requests for now."),
    gettext_noop("The backend takes no more requests for now: %(sentence)s"),
    gettext_noop("instead of a reason came a web page (HTTP %(status)d)."),
    gettext_noop("instead of a reason came a web page, titled “%(title)s” (HTTP %(status)d)."),
    gettext_noop(
        "The backend's address is wrong: it redirects to %(address)s. Put the address it redirects to in"
        " the settings."
    ),
)
_NETWORK = (
    gettext_noop("%(sentence)s It may have accepted the job."),
    gettext_noop("The backend cannot be reached."),
    gettext_noop("The backend did not answer in time."),
    gettext_noop("The backend dropped the connection."),
    gettext_noop("The backend redirects in circles."),
    gettext_noop("The backend sent a reply that is too large."),
    gettext_noop("The backend sent us to an address that is not on the web."),
    gettext_noop("The service did not answer in time. Try again later."),
)
_REPLIES = (
    gettext_noop("The backend sent a catalogue that cannot be understood."),
    gettext_noop("The backend sent a list that cannot be understood."),
    gettext_noop("The backend sent a reply that cannot be understood."),
    gettext_noop("The backend sent more than was asked for."),
    gettext_noop("The backend did not delete the job."),
    gettext_noop("The backend does not know this job."),
)
_DOWNLOADS = (
    gettext_noop("The backend does not have the video's file ready."),
    gettext_noop("The backend sent something that is not a video."),
    gettext_noop("The connection broke before the whole video had arrived."),
    gettext_noop("The download took longer than %(seconds)d seconds."),
    gettext_noop("The video's file is larger than the %(size)s GB that the studio takes."),
)
_REQUESTS = (
    gettext_noop("Gemini does not take %(names)s."),
    gettext_noop("Gemini makes no videos of %(size)s, only %(known)s."),
    gettext_noop("Gemini takes either a first and last frame or references, not both."),
    gettext_noop("That is no id of a job."),
    gettext_noop("The prompt has characters that cannot be sent."),
    gettext_noop("This backend is sent JSON, and the protocol knows no JSON that holds a video."),
    gettext_noop("This backend takes no image but a first frame."),
    gettext_noop("This kind of backend cannot delete jobs."),
    gettext_noop("This kind of backend cannot describe its models."),
    gettext_noop("This kind of backend cannot edit a video."),
    gettext_noop("This kind of backend cannot extend a video."),
    gettext_noop("This kind of backend cannot list its jobs."),
    gettext_noop("This kind of backend cannot make characters."),
    gettext_noop("This kind of backend cannot remix a video."),
    gettext_noop("This kind of backend cannot show a job's picture."),
    gettext_noop("This kind of backend cannot use characters."),
)
_SETTINGS = (
    gettext_noop("The backend refused its API key."),
    gettext_noop("The backend's API key has characters no key can have."),
    gettext_noop("The backend's address in the settings is wrong."),
    gettext_noop("The backend's service in the settings is not known."),
    gettext_noop("The backend, or a firewall in front of it, refuses all our requests."),
    gettext_noop(
        "The Gemini API needs the package google-genai, which is not installed here. Add it with"
        " “.venv/bin/pip install -r requirements-gemini.txt”, then restart the studio."
    ),
)
_CHARGES = (
    gettext_noop("The backend named “%(value)s” as its charge, and that is no number."),
    gettext_noop("The backend named “%(value)s” as its charge, and a charge is never negative."),
    gettext_noop("The backend named “%(value)s” as its charge, and no video costs $%(limit)s or more."),
    gettext_noop(
        "The backend named “%(value)s” as its charge, and its currency is “%(currency)s”, not US dollars."
    ),
)
# These begin with what the server is called. `videos.backends.chat`
_CHAT = (
    gettext_noop("%(name)s cannot be reached."),
    gettext_noop("%(name)s did not answer within %(seconds)s seconds."),
    gettext_noop("%(name)s dropped the connection."),
    gettext_noop("%(name)s redirects to another address."),
    gettext_noop("%(name)s sent no answer that can be understood."),
    gettext_noop("%(name)s sent no answer that can be understood. It says: %(sentence)s"),
    gettext_noop("%(name)s: the account is out of credit."),
    gettext_noop("%(name)s: the account is out of credit. It says: %(sentence)s"),
    gettext_noop("%(name)s takes no more requests for now."),
    gettext_noop("%(name)s takes no more requests for now. It says: %(sentence)s"),
    gettext_noop("%(name)s refused the studio's key."),
    gettext_noop("%(name)s refused the studio's key. It says: %(sentence)s"),
    gettext_noop("%(name)s refused this."),
    gettext_noop("%(name)s refused this. It says: %(sentence)s"),
    gettext_noop("%(name)s has an error (HTTP %(status)d)."),
    gettext_noop("%(name)s has an error (HTTP %(status)d). It says: %(sentence)s"),
)
_VIDEO_FILES = (
    gettext_noop("The file cannot be read."),
    gettext_noop("The file has no video track."),
    gettext_noop("The file is a picture, not a video."),
    gettext_noop("The file is empty."),
    gettext_noop("The file is not an MP4 video."),
    gettext_noop("The file needs more memory than the studio allows for one (%(megabytes)d MB)."),
    gettext_noop("The file takes longer than %(seconds)d seconds to read."),
    gettext_noop("The file takes more computing time than the studio allows for one."),
    gettext_noop("The video cannot be decoded."),
    gettext_noop("The video file is incomplete."),
    gettext_noop("The video has no frames."),
    gettext_noop("The video has too many frames."),
    gettext_noop("The video is in a format that cannot be decoded."),
    gettext_noop("The video is longer than an hour."),
    gettext_noop("The video's picture is too large."),
    gettext_noop("The video's pixels have an impossible shape."),
)
_IMAGES = (
    gettext_noop("The studio is busy with other uploads. Try again in a moment."),
    gettext_noop("The image is larger than %(size)s."),
    gettext_noop("The image is damaged or incomplete."),
    gettext_noop("The image is built in a way that takes too long to read. Save it again as a plain JPEG."),
    gettext_noop("The file is not an image: choose a JPEG, PNG, WebP, HEIC or AVIF image."),
    gettext_noop("The image has %(width)d x %(height)d pixels; the limit is %(limit)d million in total."),
    gettext_noop("The image has %(width)d x %(height)d pixels; each side needs at least %(least)d."),
    gettext_noop("The image is too narrow: %(width)d x %(height)d pixels."),
    gettext_noop("The image has far too many pixels; the limit is %(limit)d million in total."),
)
_IMAGE_FORMATS = (gettext_noop("%(format)s is not supported: choose a JPEG, PNG, WebP, HEIC or AVIF image."),)

for _template in (
    *(*_ERRORS, *_NETWORK, *_REPLIES, *_DOWNLOADS, *_REQUESTS, *_SETTINGS, *_CHARGES),
    *(*_VIDEO_FILES, *_IMAGES),
):
    sentence(_template)
for _template in (*_CHAT, *_IMAGE_FORMATS):
    sentence(_template, alone=True)
