from django.apps import AppConfig


class VideosConfig(AppConfig):
    name = "videos"

    def ready(self) -> None:
        from accounts.deactivation import user_deactivated
        from videos import checks  # noqa: F401  # registers the system checks
        from videos.services.people import stop_queue

        user_deactivated.connect(stop_queue, dispatch_uid="videos.stop_queue")
