"""Every way to change something, and why some of them leave no entry in the audit log."""

# Functions of services that write rows and call no `record`, by module and name, each with the reason.
SILENT_SERVICES = {
    "accounts.mail.deliver_due": "the studio sends its own mail; what failed is in the list of emails",
    "accounts.tokens.authenticate": "notes when a token was last used",
    "billing.ledger.charge": "a line of the ledger, which is append-only itself",
    "billing.ledger.charge_surplus": "a line of the ledger",
    "billing.ledger.doubt": "a line of the ledger",
    "billing.ledger.fail": "a line of the ledger",
    "billing.ledger.give_up": "a line of the ledger",
    "billing.ledger.release": "a line of the ledger",
    "billing.ledger.release_unconfirmed": "a line of the ledger; services.charges records who decided",
    "billing.ledger.reprice": "a line of the ledger",
    "billing.ledger.reserve": "a line of the ledger",
    "billing.ledger.settle": "a line of the ledger",
    "videos.services.account_work.delete_work": "each thing is deleted by its own service, which records it",
    "videos.services.backends.make_position": "makes room for a new backend, whose creation is recorded",
    "videos.services.connections.start_draft": "a draft is a test that lasts an hour; saving it is recorded",
    "videos.services.library.add_tag": "one's own tags are not logged",
    "videos.services.library.remove_tag": "one's own tags are not logged",
    "videos.services.library.set_favourite": "one's own star",
    "videos.services.library.set_note": "one's own notes are not logged",
    "videos.services.model_catalogue.add_models": "part of connecting a backend, which is recorded",
    "videos.services.model_catalogue.add_undescribed_model": "part of connecting a backend",
    "videos.services.references.add_reference": "one's own images are not logged; deleting one is",
    "videos.services.references.keep_reference": "one's own images are not logged",
    "videos.services.references.rename_reference": "one's own images are not logged",
    "videos.services.references.remove_files_on_error": "removes files of a request that failed",
    "videos.services.webhooks.receive_for_video": "a backend calls; nobody does anything",
    "videos.services.webhooks.receive_signed": "a backend calls; nobody does anything",
    "videos.engine.hold.may_submit": "the studio counts its submissions; a hold that it sets is recorded",
}

_ANNOTATION = "one's own favourites, notes, tags and names are not logged"
_PROVES = "proves who somebody is, and changes nothing"
_NOTHING = "answers that there is nothing here, or leads elsewhere"

# Views that take a POST and leave no entry, by the name of their address.
SILENT_ROUTES = {
    "account_profile": "one's own name, theme and time zone",
    "account_reauthenticate": _PROVES,
    "account_reset_password": "asks for a mail; using its link is recorded",
    "account_signup": "asks for a mail; the invitation in it is recorded",
    "mfa_download_recovery_codes": "allauth's page of one's own codes",
    "mfa_edit_webauthn": "the name of one's own passkey",
    "mfa_reauthenticate": _PROVES,
    "mfa_reauthenticate_webauthn": _PROVES,
    "account_confirm_email": "confirms an address; that it is the account's from then on is recorded",
    "openid_connect_login": "leads to the provider; signing in is recorded",
    "videos:favourite": _ANNOTATION,
    "videos:note": _ANNOTATION,
    "videos:tag": _ANNOTATION,
    "videos:untag": _ANNOTATION,
    "videos:model_favourite": _ANNOTATION,
    "videos:reference_name": _ANNOTATION,
    "videos:references": "one's own images are not logged; deleting one is",
    "videos:connect_service": "a test that lasts an hour; saving it is recorded",
    "api:api-root": _NOTHING,
    "videos.api.rest.api.unknown": _NOTHING,
    "openai:videos.api.openai.endpoint.unknown_url": _NOTHING,
    "webhook": "a backend calls; nobody does anything",
    "webhook_of_video": "a backend calls; nobody does anything",
}

# Views that take a POST and leave an entry: the services that they call are proved to record.
RECORDED_ROUTES = {
    *("account_login", "account_logout", "mfa_authenticate", "mfa_login_webauthn", "invitation"),
    *("invitations", "invitation_revoke", "account_deletion", "account_deletion_call_off"),
    *("account_offer_answer", "account_change_password", "account_set_password"),
    *("account_reset_password_from_key", "account_email", "mfa_activate_totp", "mfa_deactivate_totp"),
    *("mfa_generate_recovery_codes", "mfa_add_webauthn", "mfa_remove_webauthn", "socialaccount_connections"),
    *("account_sessions_end_others", "account_session_end", "api_tokens", "api_token_revoke"),
    *("api:act_on_videos", "api:generate", "api:remix", "api:edit", "api:extend", "api:retry"),
    *("api:submit_again", "api:adopt", "api:give_up", "api:check_again", "api:cancel"),
    *("openai:videos", "openai:edits", "openai:extensions", "openai:characters", "openai:remix"),
    *("videos:studio", "videos:bulk", "videos:bulk_jobs", "videos:release_charge", "videos:connect_test"),
    *("videos:connected", "videos:empty_trash", "videos:undo", "videos:template_new", "videos:template"),
    *("videos:template_delete", "videos:move_to_trash", "videos:restore", "videos:delete", "videos:remix"),
    *("videos:edit", "videos:extend", "videos:character_from_video", "videos:cancel", "videos:retry"),
    *("videos:recheck", "videos:resubmit", "videos:adopt", "videos:abandon", "videos:reference_delete"),
    *("videos:characters", "videos:character_delete"),
    *("admin:videos_backend_models", "admin:videos_video_adopt"),
}

# The admin's actions, by model. All of them call services that record.
RECORDED_ACTIONS = {
    "invitation": {"withdraw"},
    "outgoingmail": {"send_again"},
    "apitoken": {"revoke"},
    "user": {"remove_second_factors", "delete_account", "keep_account"},
    "backend": {"probe", "confirm_key", "resume", "move_queued"},
    "video": {"check_again", "retry", "cancel", "submit_again", "give_up", "delete_selected"},
}
# Models in whose place in the admin something is done by a page of its own, which calls a service.
OWN_PAGES = {"studiostate": "holding and releasing call engine.hold, which records"}
