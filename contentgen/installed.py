"""What Django is made of here: the apps, what each request passes through, in this order, and templates."""

from pathlib import Path

INSTALLED_APPS = [
    "contentgen.apps.ContentGenConfig",
    "audit",
    "accounts",
    "billing",
    "notifications",
    "webhooks",
    "videos",
    "contentgen.apps.AdministrationConfig",  # the administration
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "corsheaders",
    "csp",
    "django_htmx",
    "ninja",  # for the static files of its documentation page
]
MIDDLEWARE = [
    "contentgen.monitoring.middleware.RequestMiddleware",
    "contentgen.middleware.HealthCheckMiddleware",
    "contentgen.api_middleware.AllowedHostsMiddleware",
    "accounts.middleware.AuditOriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "contentgen.api_middleware.TokenRequestMiddleware",  # what follows is for pages
    "contentgen.middleware.TextCompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "contentgen.language_middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "contentgen.middleware.BodyLimitMiddleware",  # before CSRF's check, which reads the form
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "contentgen.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionActivityMiddleware",
    "accounts.middleware.PreferencesMiddleware",
    "accounts.middleware.RoleMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "notifications.middleware.BellMiddleware",
]

ROOT_URLCONF = "contentgen.urls"
WSGI_APPLICATION = "contentgen.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).resolve().parent.parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "accounts.templatetags.formats"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "contentgen.languages.page_language",
                "accounts.context_processors.account",
                "videos.context_processors.studio",
                "billing.context_processors.budgets",
                "notifications.context_processors.bell",
            ],
        },
    },
]
