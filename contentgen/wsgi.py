"""The web application, as gunicorn serves it."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from contentgen.database_limits import limit_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

os.umask(settings.PRIVATE_UMASK)  # for what the web processes write

limit_connections()

application = get_wsgi_application()
