"""The web application, as gunicorn serves it."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

os.umask(settings.PRIVATE_UMASK)  # for what the web processes write

application = get_wsgi_application()
