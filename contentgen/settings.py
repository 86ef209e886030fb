"""The one settings file. Every value comes from the environment or `.env`; `.env.example` lists them all.

What no variable changes stands in modules of its own: `installed`, `http_headers`, `sign_in`, `task_queues`
and `log_config`. Ranges and shapes are checked in `checks.py`; what would be unsafe to start with is refused
here.
"""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from contentgen.circuit_breaker import SOCKET_TIMEOUT
from contentgen.database_options import with_usual_options
from contentgen.env import (
    Env,
    amount,
    choice,
    currency_code,
    mapping,
    networks,
    proxy_count,
    read_secret_files,
    whole_numbers,
)
from contentgen.http_headers import *  # noqa: F403
from contentgen.http_headers import content_security_policy
from contentgen.installed import *  # noqa: F403
from contentgen.log_config import logging_config
from contentgen.own_address import choose_backend, parse_address
from contentgen.public_url import path_of
from contentgen.redis_prefix import default_prefix
from contentgen.run import state
from contentgen.secrets_check import secret_key_weakness
from contentgen.sign_in import *  # noqa: F403
from contentgen.storage_address import (
    STORE_KEYS,
    ObjectStore,
    StorageOptions,
    object_store,
    origins,
    place,
)
from contentgen.task_queues import *  # noqa: F403

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

_env_file = os.environ.get("ENV_FILE", str(BASE_DIR / ".env"))
if _env_file and Path(_env_file).is_file():
    environ.Env.read_env(_env_file)  # the environment itself wins over the file
# What a platform may hand out as a file instead, named by the same name and _FILE.
_SECRETS = (
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "REDIS_URL", "OWNER_PASSWORD"),
    *("BACKEND_KEY", "SIMULATOR_API_KEY", "EMAIL_HOST_PASSWORD", "OIDC_CLIENT_SECRET", "METRICS_TOKEN"),
    *("PROMPT_HELP_KEY", "STORAGE_KEY_ID", "STORAGE_SECRET_KEY"),
    *STORE_KEYS,
)
read_secret_files(os.environ, _SECRETS)
env = Env(os.environ, base=BASE_DIR)

# --- Where things live -----------------------------------------------------------------------------------
DATA_DIR: Path = env.folder("DATA_DIR", default=BASE_DIR / "data")
VIDEO_STORAGE_PATH: Path = env.folder("VIDEO_STORAGE_PATH", default=DATA_DIR / "media")
# What is in DATA_DIR is for the studio's own account, and for its group where a backup or a proxy needs that.
DATA_GROUP_READABLE: bool = env.bool("DATA_GROUP_READABLE", default=False)
PRIVATE_FOLDER_MODE, PRIVATE_FILE_MODE = (0o750, 0o640) if DATA_GROUP_READABLE else (0o700, 0o600)
PRIVATE_UMASK = 0o777 & ~PRIVATE_FOLDER_MODE
try:
    if not state.only_visits:
        DATA_DIR.mkdir(PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(f"DATA_DIR={DATA_DIR} cannot be created: {error.strerror}.") from error
_running = state.read_endpoints(DATA_DIR)  # what `make run` started, for a shell beside it

# --- Where it listens, under `make run` ---------------------------------------------------------------------
BIND: str = env.str("BIND", default="127.0.0.1")
PORT: int = env.int("PORT", default=8000)

# The studio's address as the internet has it, with the path that it is below, if any. Without one it tells no
# service where to call back. BASE_URL, as many programs call it, names the same.
PUBLIC_URL: str = env.str("PUBLIC_URL", default=env.str("BASE_URL", default="")).rstrip("/")
FORCE_SCRIPT_NAME = path_of(PUBLIC_URL)

# --- Safety ----------------------------------------------------------------------------------------------
# A local deployment needs no secrets, because it answers this machine alone. It shows no debug pages either.
DEBUG: bool = env.bool("DEBUG", default=False)
# Earlier releases had no DEPLOYMENT: DEBUG=0 meant production. contentgen.W001 warns of it.
_default_deployment = "production" if "DEBUG" in env and not DEBUG else "local"
DEPLOYMENT: str = env("DEPLOYMENT", cast=choice("local", "production"), default=_default_deployment)
PRODUCTION: bool = DEPLOYMENT == "production"
SECRET_KEY: str = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
if PRODUCTION:
    for _name in ("SECRET_KEY", "ALLOWED_HOSTS"):
        if not globals()[_name]:
            raise ImproperlyConfigured(f"Set {_name}: in production ContentGen does not start without it.")
    if _weakness := secret_key_weakness(SECRET_KEY):
        raise ImproperlyConfigured(
            f"SECRET_KEY can be guessed: it {_weakness}. Whoever guesses it signs in as anybody. Set one "
            "that python -c 'import secrets; print(secrets.token_urlsafe(64))' prints. Everybody then signs "
            "in again; nothing else changes."
        )
SECRET_KEY = SECRET_KEY or state.ensure_secret_key(DATA_DIR)
# Former ones, while sessions and stored keys that they made are still about; `rotate_secrets` ends that.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Pages of these origins may call the APIs with a token, never with a session.
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", default=[])

# Proxies in front of the studio. The first ends TLS and sets X-Forwarded-Proto, each adds to X-Forwarded-For.
TRUST_PROXY: int = env("TRUST_PROXY", cast=proxy_count, default=0)
# Another program on this host gets none of these. Django's cookie of messages would be for the whole host.
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{FORCE_SCRIPT_NAME or ''}/"
if FORCE_SCRIPT_NAME:
    MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Production is served over HTTPS.
SECURE_SSL_REDIRECT: bool = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SECURE_HSTS_SECONDS: int = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SECURE_SSL_REDIRECT else 0)
# These bind names that are not the studio's alone, for as long as browsers remember: only by choice.
SECURE_HSTS_INCLUDE_SUBDOMAINS: bool = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD: bool = env.bool("SECURE_HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # which ask for the two
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# --- The application -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"  # what programs, workers and commands read; pages have that of their reader
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# Of emails and pages for people who chose none, and whose browser asks for none of these.
LANGUAGE: str = env("LANGUAGE", cast=choice(*dict(LANGUAGES)), default="en")
FORMAT_MODULE_PATH = "accounts.locale_formats"
TIME_ZONE: str = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
INVITE_FORM = "billing.invite_forms.InviteForm"  # a subclass of accounts.join_forms.InviteForm
OWNER_USERNAME: str = env.str("OWNER_USERNAME", default="owner")
OWNER_PASSWORD: str = env.str("OWNER_PASSWORD", default="")

# Who may join: whom a manager invites, and who has an address at one of these domains.
SIGNUP_EMAIL_DOMAINS: list[str] = [each.lower() for each in env.list("SIGNUP_EMAIL_DOMAINS", default=[])]
_ROLES = ("viewer", "creator", "manager")
SIGNUP_ROLE: str = env("SIGNUP_ROLE", cast=choice(*_ROLES), default="creator")

# Days for which somebody who asked to have their account deleted can call it off.
ACCOUNT_DELETION_DAYS: int = env.int("ACCOUNT_DELETION_DAYS", default=7)
# Days for which entries of the audit log are kept. 0 keeps them for ever.
AUDIT_RETENTION_DAYS: int = env.int("AUDIT_RETENTION_DAYS", default=730)

# Second factors: an authenticator app, passkeys, recovery codes.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://localhost
MFA_REQUIRED_FOR_STAFF: bool = env.bool("MFA_REQUIRED_FOR_STAFF", default=False)

# One OpenID Connect provider, such as Keycloak or Entra ID.
OIDC_ISSUER: str = env.str("OIDC_ISSUER", default="").rstrip("/")
OIDC_CLIENT_ID: str = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET: str = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_NAME: str = env.str("OIDC_NAME", default="single sign-on")
OIDC_SIGNUP: str = env(
    "OIDC_SIGNUP", cast=choice("closed", "invited", "domains", "everyone"), default="closed"
)
OIDC_CLAIM: str = env.str("OIDC_CLAIM", default="groups")
OIDC_ROLES: dict[str, str] = env("OIDC_ROLES", cast=mapping(*_ROLES), default={})
OIDC_GROUPS: dict[str, str] = env("OIDC_GROUPS", cast=mapping(), default={})
OIDC_ENABLED = bool(OIDC_ISSUER and OIDC_CLIENT_ID)
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ENABLED
        else [],
    }
}

# --- Mail ------------------------------------------------------------------------------------------------
# A message is kept first; a worker hands it to the transport: a mail server, a folder, or the terminal.
EMAIL_BACKEND = "accounts.mail.OutboxBackend"
EMAIL_HOST: str = env.str("EMAIL_HOST", default="")
_security = env("EMAIL_SECURITY", cast=choice("none", "starttls", "tls"), default="starttls")
EMAIL_USE_TLS, EMAIL_USE_SSL = _security == "starttls", _security == "tls"
EMAIL_PORT: int = env.int("EMAIL_PORT", default={"none": 25, "starttls": 587, "tls": 465}[_security])
EMAIL_HOST_USER: str = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD: str = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="contentgen@localhost")
EMAIL_FILE_PATH: str = env.str("EMAIL_FILE_PATH", default="")
_transport = "smtp" if EMAIL_HOST else "filebased" if EMAIL_FILE_PATH else "console"
MAIL_TRANSPORT = f"django.core.mail.backends.{_transport}.EmailBackend"

# --- Data ------------------------------------------------------------------------------------------------
_sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "db.sqlite3"}
_database = with_usual_options(env.db("DATABASE_URL") if "DATABASE_URL" in env else _sqlite)
DATABASES = {"default": _database}

# Seconds that a statement waits for a lock, and that one takes, on PostgreSQL (database_limits). 0: for ever.
DATABASE_LOCK_TIMEOUT: int = env.int("DATABASE_LOCK_TIMEOUT", default=10)
DATABASE_STATEMENT_TIMEOUT: int = env.int("DATABASE_STATEMENT_TIMEOUT", default=60)

MEDIA_ROOT = VIDEO_STORAGE_PATH
# Where stored files are, if not in VIDEO_STORAGE_PATH; and where they were, while they are being moved.
STORAGE_URL: ObjectStore | None = env("STORAGE_URL", cast=object_store, default=None)
STORAGE_FORMER: ObjectStore | Path | None = env("STORAGE_FORMER", cast=place, default=None)
STORAGE_KEY_ID: str = env.str("STORAGE_KEY_ID", default="")
STORAGE_SECRET_KEY: str = env.str("STORAGE_SECRET_KEY", default="")
STORAGE_URL_SECONDS: int = env.int("STORAGE_URL_SECONDS", default=600)  # for which an address there works
# Whether the APIs send programs to an address there, or pass the bytes on.
API_REDIRECTS: bool = env.bool("API_REDIRECTS", default=True)
# The location at which nginx sends files of VIDEO_STORAGE_PATH on our behalf. Unset: the studio sends them.
X_ACCEL_REDIRECT: str = env.str("X_ACCEL_REDIRECT", default="")
STORAGE_OPTIONS = StorageOptions(
    key_id=STORAGE_KEY_ID,
    secret_key=STORAGE_SECRET_KEY,
    url_seconds=STORAGE_URL_SECONDS,
    file_mode=PRIVATE_FILE_MODE,
    folder_mode=PRIVATE_FOLDER_MODE,
)
CONTENT_SECURITY_POLICY = content_security_policy(origins(STORAGE_URL, STORAGE_FORMER))
# Whole, because Django completes a relative one when it is first read, which may be before it knows the path.
STATIC_URL = f"{FORCE_SCRIPT_NAME or ''}/static/"
# Collected there by the release, or by `make run` whenever they have changed.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": STORAGE_OPTIONS.moving_entry(STORAGE_URL, STORAGE_FORMER),
    "staticfiles": {
        "BACKEND": "contentgen.static_files.HashedStaticFilesStorage"
        if PRODUCTION
        else "contentgen.static_files.LocalStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION  # what is not collected is served in place
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]
WHITENOISE_AUTOREFRESH = DEBUG

# --- Background work -------------------------------------------------------------------------------------
REDIS_URL: str = env.str("REDIS_URL", default=_running.redis_url)
# Two studios may share a Redis: each has names of its own there. All processes of a studio must agree.
REDIS_PREFIX: str = env.str("REDIS_PREFIX", default=default_prefix(_database, SECRET_KEY))
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A message is only a hint, so no web request waits long for a broker that is down.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_PREFIX}:",
    "max_retries": 0,  # otherwise a publisher retries for six seconds; workers reconnect regardless
    "socket_connect_timeout": 2,
    "socket_timeout": 30,
    # Seconds until an unacknowledged message goes to another worker. Every task is shorter, and running one
    # twice is harmless. The sweep does not wait for it to pick up the work of a dead worker.
    "visibility_timeout": 3 * 3600,
}
# Seconds that a worker takes for what is running when it is asked to stop; then it hands the rest back.
WORKER_DRAIN_SECONDS: int = env.int("WORKER_DRAIN_SECONDS", default=45)

CACHES = {
    "default": {
        "BACKEND": "contentgen.cache.FallbackRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {"socket_connect_timeout": SOCKET_TIMEOUT, "socket_timeout": SOCKET_TIMEOUT},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # What a process may keep to itself for some seconds, because asking Redis takes longer than it is worth.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "process"},
}

# --- Videos ----------------------------------------------------------------------------------------------
# Where this studio itself answers, as far as it knows: never its own backend.
OWN_ADDRESSES = parse_address(state.read_address(DATA_DIR)) + ([] if PRODUCTION else [(BIND, PORT)])
_backend = choose_backend(os.environ, OWN_ADDRESSES)
BACKEND_URL: str = _backend.url
BACKEND_KEY: str = _backend.key
BACKEND_KEY_VARIABLE = _backend.key_variable
OLD_BACKEND_NAMES = _backend.old_names  # what became of OPENAI_BASE_URL: contentgen.W003 and W004 tell
_simulator = state.Endpoints() if BACKEND_URL or BACKEND_KEY else _running  # which runs in demo mode alone
SIMULATOR_URL: str = env.str("SIMULATOR_URL", default=_simulator.simulator_url or "http://127.0.0.1:8001/v1")
# The simulator's own key, which `make run` makes at each start.
SIMULATOR_API_KEY: str = env.str(
    "SIMULATOR_API_KEY", default="" if env.str("SIMULATOR_URL", default="") else _simulator.simulator_key
)
# More variables that may hold a backend's key; videos/key_names.py says which may anyway.
BACKEND_KEY_NAMES: list[str] = env.list("BACKEND_KEY_NAMES", default=[])
# Seconds for which a backend may answer that it works on a video; backends and models may have their own.
MAX_POLL_TIMEOUT: int = env.int("MAX_POLL_TIMEOUT", default=600)
# Seconds for which it may answer that a video waits in its own queue.
MAX_QUEUE_TIMEOUT: int = env.int("MAX_QUEUE_TIMEOUT", default=86_400)
DEFAULT_MODEL: str = env.str("DEFAULT_MODEL", default="sora-2")
DEFAULT_SIZE: str = env.str("DEFAULT_SIZE", default="1280x720")
DEFAULT_SECONDS: int = env.int("DEFAULT_SECONDS", default=4)
MAX_FILE_SIZE: int = env.int("MAX_FILE_SIZE", default=10 * 1024 * 1024)  # bytes of a reference image
MAX_CHARACTER_CLIP_SIZE: int = env.int("MAX_CHARACTER_CLIP_SIZE", default=100 * 1024 * 1024)  # bytes
# Of what backends send: bytes of a reply in JSON, bytes of a video's file, and seconds for its download.
MAX_BACKEND_REPLY: int = env.int("MAX_BACKEND_REPLY", default=8 * 1024 * 1024)
MAX_DOWNLOAD_SIZE: int = env.int("MAX_DOWNLOAD_SIZE", default=2 * 1024**3)
MAX_DOWNLOAD_SECONDS: int = env.int("MAX_DOWNLOAD_SECONDS", default=1800)
# What a worker may use to read one video, or to make another of it: bytes, CPU seconds, and seconds.
WORKER_MEDIA_MEMORY: int = env.int("WORKER_MEDIA_MEMORY", default=4 * 1024**3)
WORKER_MEDIA_CPU_SECONDS: int = env.int("WORKER_MEDIA_CPU_SECONDS", default=7200)
WORKER_MEDIA_SECONDS: int = env.int("WORKER_MEDIA_SECONDS", default=3600)
# Days until a video in the trash is permanently deleted. contentgen.W002 warns of the old name TRASH_DAYS.
TRASH_RETENTION_DAYS: int = env.int("TRASH_RETENTION_DAYS", default=env.int("TRASH_DAYS", default=30))
# Days after which a finished video moves to the trash (0: never), and before that in which its owner is told.
RETENTION_DAYS: int = env.int("RETENTION_DAYS", default=0)
RETENTION_WARNING_DAYS: int = env.int("RETENTION_WARNING_DAYS", default=7)
RETENTION_KEEPS_FAVOURITES: bool = env.bool("RETENTION_KEEPS_FAVOURITES", default=True)
# Of videos that have a copy for browsers: days after which the original is removed, or the copy is.
ORIGINAL_DAYS: int = env.int("ORIGINAL_DAYS", default=0)
BROWSER_COPY_DAYS: int = env.int("BROWSER_COPY_DAYS", default=0)
# Days after which a backend's job, whose file is stored, is deleted there. Unset: it stays; 0: at once.
BACKEND_JOB_DAYS: int | None = env.int("BACKEND_JOB_DAYS", default=None)
# Gigabytes (1024³ bytes) that one person may store. 0: no limit.
STORAGE_QUOTA_GB: int = env.int("STORAGE_QUOTA_GB", default=0)
# Bytes. Unset: 1 GiB or 5 % of the disk, whichever is smaller.
MIN_FREE_DISK: int | None = env.int("MIN_FREE_DISK", default=None)
# Links by which people without an account watch a video. Days until one expires, and how many it may be told;
# a link that never expires only where the operator allows it. Switched off, none opens, old ones neither.
SHARE_LINKS: bool = env.bool("SHARE_LINKS", default=True)
SHARE_LINK_DAYS: int = env.int("SHARE_LINK_DAYS", default=30)
SHARE_LINK_MAX_DAYS: int = env.int("SHARE_LINK_MAX_DAYS", default=365)
SHARE_LINKS_WITHOUT_EXPIRY: bool = env.bool("SHARE_LINKS_WITHOUT_EXPIRY", default=False)
API_REQUESTS_PER_MINUTE: int = env.int("API_REQUESTS_PER_MINUTE", default=1200)  # per token or session
# Of one batch: rows, bytes of its file, bytes of its ZIP of images, and characters of a cell.
# All rows are checked and kept while a page waits: ten thousand take two seconds of computing.
MAX_BATCH_ROWS: int = env.int("MAX_BATCH_ROWS", default=10_000)
MAX_BATCH_FILE_SIZE: int = env.int("MAX_BATCH_FILE_SIZE", default=32 * 1024 * 1024)
MAX_BATCH_ZIP_SIZE: int = env.int("MAX_BATCH_ZIP_SIZE", default=200 * 1024 * 1024)
MAX_BATCH_CELL_LENGTH: int = env.int("MAX_BATCH_CELL_LENGTH", default=100_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # the form's text; files are streamed to disk apart from it

# --- Money -----------------------------------------------------------------------------------------------
# The currency of the catalogue's prices, of budgets and of the ledger: a code such as EUR. Nothing converts.
CURRENCY: str = env("CURRENCY", cast=currency_code, default="USD")
# What is done with a video whose price nobody knows: allow counts it as unpriced, refuse refuses it.
UNPRICED_MODELS: str = env("UNPRICED_MODELS", cast=choice("allow", "refuse"), default="allow")
# A price above this is to be confirmed by whoever asks. Unset: none is.
CONFIRM_PRICE_ABOVE: Decimal | None = env("CONFIRM_PRICE_ABOVE", cast=amount, default=None)
# A price above this waits for a manager's approval, unless a manager asks. Unset: none does.
APPROVE_PRICE_ABOVE: Decimal | None = env("APPROVE_PRICE_ABOVE", cast=amount, default=None)
APPROVAL_DAYS: int = env.int("APPROVAL_DAYS", default=14)  # for which a request waits before it expires

# --- Help with prompts -----------------------------------------------------------------------------------
# An OpenAI-compatible chat server that rewrites prompts when somebody asks for it. Unset: the simulator, as
# long as that makes the videos too. "off": there is no such help.
PROMPT_HELP_URL: str = env.str("PROMPT_HELP_URL", default="")
PROMPT_HELP_KEY: str = env.str("PROMPT_HELP_KEY", default="")
PROMPT_HELP_MODEL: str = env.str("PROMPT_HELP_MODEL", default="")
PROMPT_HELP_VISION: bool = env.bool("PROMPT_HELP_VISION", default=False)  # whether it can look at images
PROMPT_HELP_TIMEOUT: int = env.int("PROMPT_HELP_TIMEOUT", default=20)  # seconds for an answer as a whole
PROMPT_HELP_PER_MINUTE: int = env.int("PROMPT_HELP_PER_MINUTE", default=10)  # requests of one person
# Per million tokens of questions and of answers. Unset: nothing is counted.
PROMPT_HELP_PRICE_IN: Decimal | None = env("PROMPT_HELP_PRICE_IN", cast=amount, default=None)
PROMPT_HELP_PRICE_OUT: Decimal | None = env("PROMPT_HELP_PRICE_OUT", cast=amount, default=None)
# The simulator that answers where no server is named: one that is known to run.
PROMPT_HELP_DEMO_URL: str = env.str("SIMULATOR_URL", default=_simulator.simulator_url)

# --- Webhooks that the studio sends -----------------------------------------------------------------------
# Whether receivers may be in private networks and on this machine; and networks that are allowed in any case.
WEBHOOK_PRIVATE_ADDRESSES: bool = env.bool("WEBHOOK_PRIVATE_ADDRESSES", default=False)
WEBHOOK_ALLOWED_NETWORKS: list[str] = env("WEBHOOK_ALLOWED_NETWORKS", cast=networks, default=[])
WEBHOOK_HTTP: bool = env.bool("WEBHOOK_HTTP", default=not PRODUCTION)  # whether http:// is allowed
WEBHOOK_TIMEOUT: int = env.int("WEBHOOK_TIMEOUT", default=15)  # seconds for one attempt as a whole
# Seconds until each further attempt, as Standard Webhooks recommends: about three days in all.
WEBHOOK_RETRY_SECONDS: list[int] = env(
    "WEBHOOK_RETRY_SECONDS",
    cast=whole_numbers,
    default=[5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
)
WEBHOOK_DISABLE_AFTER_DAYS: int = env.int("WEBHOOK_DISABLE_AFTER_DAYS", default=5)
WEBHOOK_SECRET_OVERLAP_HOURS: int = env.int("WEBHOOK_SECRET_OVERLAP_HOURS", default=24)
WEBHOOK_LOG_DAYS: int = env.int("WEBHOOK_LOG_DAYS", default=30)

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL: str = env("LOG_LEVEL", cast=choice(*_LEVELS), default="INFO")
LOG_FORMAT: str = env("LOG_FORMAT", cast=choice("text", "json"), default="text")
LOGGING = logging_config(LOG_LEVEL, LOG_FORMAT)
# Who may scrape /metrics: whoever sends the token, and whoever reaches the port. Neither set, nobody may.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
METRICS_PORT: int = env.int("METRICS_PORT", default=0)
METRICS_BIND: str = env.str("METRICS_BIND", default="127.0.0.1")
METRICS = bool(METRICS_TOKEN or METRICS_PORT)
SENTRY_DSN: str = env.str("SENTRY_DSN", default="")
OTEL_EXPORTER_OTLP_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
OTEL_SERVICE_NAME: str = env.str("OTEL_SERVICE_NAME", default="contentgen")

# What was read above is the studio's own. None of it can be a backend's key, whatever anybody says.
OWN_VARIABLES = env.names - {"BACKEND_KEY", "OPENAI_API_KEY"} | {
    *("BACKEND_URL", "OPENAI_BASE_URL", *STORE_KEYS)
}
