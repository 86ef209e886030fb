"""The one settings file. Every value comes from the environment or `.env`; `.env.example` lists them all."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from celery.schedules import schedule
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from contentgen import local_state

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

_env_file = os.environ.get("ENV_FILE", str(BASE_DIR / ".env"))
if _env_file and Path(_env_file).is_file():
    environ.Env.read_env(_env_file)  # the environment itself wins over the file


def _text(name: str, default: str = "") -> str:
    """A setting's text; empty counts as unset."""
    return os.environ.get(name) or default


def _number(name: str, default: int, *, least: int = 1, most: int = 2**63 - 1) -> int:
    text = _text(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, not “{text}”.")
    return int(text)


def _flag(name: str, *, default: bool) -> bool:
    text = _text(name, str(int(default))).lower()
    if text not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not “{text}”.")
    return text in ("1", "true", "yes", "on")


def _list(name: str) -> list[str]:
    return [item.strip() for item in _text(name).split(",") if item.strip()]


def _path(name: str, default: Path) -> Path:
    """A folder; a relative one is relative to the project, not to the shell."""
    return (BASE_DIR / Path(_text(name, str(default))).expanduser()).resolve()


# --- Where things live -----------------------------------------------------------------------------------
DATA_DIR = _path("DATA_DIR", BASE_DIR / "data")
VIDEO_STORAGE_PATH = _path("VIDEO_STORAGE_PATH", DATA_DIR / "media")
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(f"DATA_DIR={DATA_DIR} cannot be made: {error.strerror}.") from error
_running = local_state.read_endpoints(DATA_DIR)  # what `make run` started, for a shell beside it

# --- Where it listens, under `make run` ---------------------------------------------------------------------
BIND = _text("BIND", "127.0.0.1")
PORT = _number("PORT", 8000, most=65_535)

# --- Safety ----------------------------------------------------------------------------------------------
# 1 is for developers, 0 is production. Unset is a studio on one's own machine: it shows people no debug
# pages, and needs no secrets because it answers this machine alone.
DEBUG: bool = _flag("DEBUG", default=False)
PRODUCTION: bool = bool(_text("DEBUG")) and not DEBUG
SECRET_KEY: str = _text("SECRET_KEY")
ALLOWED_HOSTS: list[str] = _list("ALLOWED_HOSTS")
if PRODUCTION:
    for _name in ("SECRET_KEY", "ALLOWED_HOSTS"):
        if not globals()[_name]:
            raise ImproperlyConfigured(f"Set {_name}: with DEBUG=0 ContentGen does not start without it.")
SECRET_KEY = SECRET_KEY or local_state.secret_key(DATA_DIR)
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS: list[str] = _list("CSRF_TRUSTED_ORIGINS")

# Pages of other origins may call the APIs with a token, never with anybody's session.
CORS_ALLOWED_ORIGINS: list[str] = _list("CORS_ALLOWED_ORIGINS")
for _origin in CORS_ALLOWED_ORIGINS:
    if not re.fullmatch(r"https?://[^/\s?#]+", _origin):
        raise ImproperlyConfigured(
            f"CORS_ALLOWED_ORIGINS must list origins such as https://tools.example.org, not “{_origin}”."
        )
CORS_URLS_REGEX = r"^/(api|v1)/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = (
    *("accept", "authorization", "content-type", "idempotency-key", "if-none-match", "if-range", "range"),
    # What the openai packages send along; a browser asks about each by its name.
    *(
        f"x-stainless-{name}"
        for name in (
            *("arch", "lang", "os", "package-version", "retry-count"),
            *("runtime", "runtime-version", "timeout", "helper-method"),
        )
    ),
    *("openai-organization", "openai-project"),
)
CORS_EXPOSE_HEADERS = ("content-range", "etag", "idempotent-replayed", "openai-poll-after-ms", "retry-after")

# HTTPS is assumed in production. A proxy that ends TLS says so with X-Forwarded-Proto (TRUST_PROXY=1).
SECURE_SSL_REDIRECT: bool = _flag("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^health(/ready)?$"]  # load balancers ask over plain HTTP
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SECURE_HSTS_SECONDS: int = _number("SECURE_HSTS_SECONDS", 31_536_000 if SECURE_SSL_REDIRECT else 0, least=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT
if _flag("TRUST_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- The application -------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts",
    "videos",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "corsheaders",
    "csp",
    "django_htmx",
    "ninja",  # for the static files of its documentation page
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "contentgen.compression.CompressText",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "contentgen.urls"
WSGI_APPLICATION = "contentgen.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "videos.context_processors.studio",
            ],
        },
    },
]
LANGUAGE_CODE = "en-us"
TIME_ZONE: str = _text("TIME_ZONE", "UTC")
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "accounts.adapter.InvitedOnly"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "videos:studio"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
OWNER_USERNAME: str = _text("OWNER_USERNAME", "owner")
OWNER_PASSWORD: str = _text("OWNER_PASSWORD")

# --- Data ------------------------------------------------------------------------------------------------
_database: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "db.sqlite3"}
if _text("DATABASE_URL"):
    _database = environ.Env.db_url_config(_text("DATABASE_URL"))
DATABASES = {"default": _database}
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that will write takes the lock at once, instead of failing half-way. The
    # default synchronous=FULL stays: a claim that a power cut could undo would be a job paid for twice.
    _database.setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE", timeout=20, init_command="PRAGMA journal_mode=WAL;"
    )
else:
    _database.update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # seconds; never, by default

MEDIA_ROOT = VIDEO_STORAGE_PATH
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None  # elsewhere they are served where they are
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION  # only production collects them first
WHITENOISE_AUTOREFRESH = DEBUG

# --- Background work -------------------------------------------------------------------------------------
REDIS_URL: str = _text("REDIS_URL") or _running.redis_url
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A message is only a hint, so a web request never waits long for a broker that is away.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 0,  # or a publisher tries to connect for six seconds; workers reconnect all the same
    "socket_connect_timeout": 2,
    "socket_timeout": 30,
    # A message unacknowledged for this long is given to another worker. Every task is shorter than this,
    # and running one twice is harmless; the value only decides how soon work of a dead worker is hinted at
    # again, and the sweep does not wait for it.
    "visibility_timeout": 3600,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "short"
CELERY_TASK_ROUTES = {
    # What waits for a backend must not hold up the ticks, and a long download must not hold up a submission.
    **{
        f"videos.{name}": {"queue": "network"}
        for name in ("submit", "poll_backend", "reconcile", "forget", "probe", "cast")
    },
    "videos.store": {"queue": "downloads"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    # `expires`: ticks that pile up while no worker runs are dropped, because the next one does their work.
    name: {
        "task": f"videos.{name}",
        "schedule": schedule(timedelta(seconds=every)),
        "options": {"expires": every},
    }
    for name, every in {"dispatch": 1, "poll": 1, "sweep": 5}.items()
}
# Nothing on disk: the schedule is short intervals only, and a file could be left broken by a kill.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- Videos ----------------------------------------------------------------------------------------------
OPENAI_BASE_URL: str = _text("OPENAI_BASE_URL").rstrip("/")
OPENAI_API_KEY: str = _text("OPENAI_API_KEY")
SIMULATOR_URL: str = _text("SIMULATOR_URL") or _running.simulator_url or "http://127.0.0.1:8001/v1"
MAX_POLL_TIMEOUT = _number("MAX_POLL_TIMEOUT", 600)  # seconds from acceptance
DEFAULT_MODEL: str = _text("DEFAULT_MODEL", "sora-2")
DEFAULT_SIZE: str = _text("DEFAULT_SIZE", "1280x720")
DEFAULT_SECONDS = _number("DEFAULT_SECONDS", 4)
MAX_FILE_SIZE = _number("MAX_FILE_SIZE", 10 * 1024 * 1024)  # bytes of a reference image
TRASH_DAYS = _number("TRASH_DAYS", 30, most=3650)  # before what is in the trash is deleted for good
API_REQUESTS_PER_MINUTE = _number("API_REQUESTS_PER_MINUTE", 1200)  # of one token, or one person's session
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # the form's text; files are streamed to disk apart from it

LOG_LEVEL: str = _text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise ImproperlyConfigured(
        f"LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not “{LOG_LEVEL}”."
    )
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": []},  # Django's own would print each line a second time
        # A line for every look at a job and for every tick would drown everything else.
        "httpx2": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.worker.consumer.connection": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
