"""The nouns of the studio, one to a file."""

from videos.models.backend import Backend
from videos.models.prompt_template import PromptTemplate
from videos.models.reference_image import ReferenceImage
from videos.models.video import IN_FLIGHT, State, Video
from videos.models.video_model import VideoModel

__all__ = ["IN_FLIGHT", "Backend", "PromptTemplate", "ReferenceImage", "State", "Video", "VideoModel"]
