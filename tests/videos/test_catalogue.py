import pytest

from videos.models import PromptTemplate, VideoModel

pytestmark = pytest.mark.django_db


def test_it_comes_filled_in():
    assert list(VideoModel.objects.values_list("name", flat=True)) == ["sora-2", "sora-2-pro"]
    for template in PromptTemplate.objects.all():
        assert template.seconds in (4, 8, 12)
        assert template.size in VideoModel.objects.get(name="sora-2").sizes
