"""How django-allauth signs people in, as far as no variable changes it."""

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # nobody is kept out for want of it; what needs a verified address asks
ACCOUNT_CHANGE_EMAIL = True  # one address each; another takes its place once it is verified
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of changes of password, address, second factor and connection
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # or anybody could have mail sent to any address
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
# Whoever finds a tab open must not be able to change by what the account is entered.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {
    "login": None,  # accounts/sign_in_limits.py has better ones for passwords
    "login_failed": "5/5m/key",  # codes of second factors, counted for each person
    "reset_password": "20/h/ip,3/h/key",  # each may send a mail; the key is the address
    "manage_email": "10/h/user",
}
ACCOUNT_FORMS = {
    "change_password": "accounts.password_forms.ChangePasswordForm",
    "login": "accounts.password_forms.SignInForm",
    "reauthenticate": "accounts.password_forms.ReauthenticateForm",
    "set_password": "accounts.password_forms.SetPasswordForm",
    "reset_password_from_key": "accounts.password_forms.ResetPasswordForm",
}

# Second factors.
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "add_webauthn": "accounts.passkey_forms.AddForm",
    "authenticate_webauthn": "accounts.passkey_forms.AuthenticateForm",
    "login_webauthn": "accounts.passkey_forms.SignInForm",
    "reauthenticate_webauthn": "accounts.passkey_forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # accounts are made by invitation, not by whoever claims an address
MFA_TOTP_TOLERANCE = 1  # periods by which a clock may be wrong
MFA_TOTP_ISSUER = "ContentGen"

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
PASSWORD_RESET_TIMEOUT = 4 * 3600  # seconds for which the link in the mail works
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "videos:studio"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SOCIALACCOUNT_ADAPTER = "accounts.oidc.OidcAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds that a person waits for the provider
