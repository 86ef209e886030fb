"""The web application, as gunicorn serves it."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from contentgen.database_limits import limit_connections
from contentgen.public_url import Application, SubPath
from contentgen.storage_address import require_extras

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

os.umask(settings.PRIVATE_UMASK)  # for what the web processes write

limit_connections()
require_extras(settings.STORAGE_URL, settings.STORAGE_FORMER)  # else each page with a file would be a 500

application: Application = get_wsgi_application()
if settings.FORCE_SCRIPT_NAME:
    application = SubPath(application, settings.FORCE_SCRIPT_NAME)
