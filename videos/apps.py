from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class VideosConfig(AppConfig):
    name = "videos"
    verbose_name = _("Videos")

    def ready(self) -> None:
        from accounts.deactivation import user_deactivated
        from accounts.deletion import work_deleted, work_handed_over
        from contentgen.activity import register_work
        from contentgen.pictures import register_pictures
        from videos import checks  # noqa: F401  # registers the system checks
        from videos.engine.activity import has_work
        from videos.engine.waiting_requests import end_all_of
        from videos.models.search_schema import ensure_search_index
        from videos.services import account_work
        from videos.services.people import stop_queue
        from videos.services.visibility import find_posters

        # First: what is approved at this moment is committed, and canceled with the rest of the queue.
        user_deactivated.connect(end_all_of, dispatch_uid="videos.end_waiting_requests")
        user_deactivated.connect(stop_queue, dispatch_uid="videos.stop_queue")
        work_handed_over.connect(account_work.hand_over, dispatch_uid="videos.hand_over")
        work_deleted.connect(account_work.delete_work, dispatch_uid="videos.delete_work")
        register_pictures(find_posters)
        post_migrate.connect(ensure_search_index, sender=self, dispatch_uid="videos.ensure_search_index")
        register_work(has_work)
