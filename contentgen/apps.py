from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate, pre_migrate


class ContentGenConfig(AppConfig):
    name = "contentgen"

    def ready(self) -> None:
        from audit.notes import translate_notes_by
        from contentgen import checks, proxy_checks  # noqa: F401  # registers the system checks
        from contentgen.database_limits import limit_migration
        from contentgen.model_names import translate_names
        from contentgen.monitoring.start import start
        from contentgen.private_files import close_data_dir
        from contentgen.stored_texts import translated

        translate_names()
        # Each start and each upgrade migrates, before anything else runs. The signal comes once for each app
        # with models, of which this is none; after the first there is nothing left to do.
        pre_migrate.connect(limit_migration, dispatch_uid="limit_migration")
        post_migrate.connect(close_data_dir, dispatch_uid="close_data_dir")
        translate_notes_by(translated)
        start()


class AdministrationConfig(AdminConfig):
    """Django's administration with our site in the place of its own."""

    default_site = "contentgen.dashboard.site.AdministrationSite"
