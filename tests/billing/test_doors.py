"""Every way in refuses what does not fit, says what is left and when it renews, and creates nothing."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import httpx2
import openai
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, User
from billing.models import LedgerLine, Scope
from billing.targets import Target, set_budget
from tests.admin.conftest import act, answer, messages_of
from tests.billing.money import assert_consistent, dollars, make, put_into, sums
from videos import lifecycle
from videos.backends.charges import Charge
from videos.models import Backend, State, Video
from videos.views.bulk_jobs import seen_version

pytestmark = pytest.mark.django_db

TOO_LONG = {"prompt": "A paper boat", "model": "sora-2", "seconds": 12, "size": "1280x720"}
FITTING = {**TOO_LONG, "seconds": 4}


@pytest.fixture(autouse=True)
def _paid(paid: Backend, alices_dollar) -> None:
    """Alice has a dollar; the longest video costs $1.20."""


@pytest.fixture
def token(alice: User) -> tuple[ApiToken, dict[str, str]]:
    token, secret = tokens.issue(alice, "script")
    return token, {"Authorization": f"Bearer {secret}"}


def _post(client: Client, path: str, body: dict, **headers: str):
    return client.post(path, body, content_type="application/json", headers=headers)


def test_the_page_says_what_is_left_and_when_it_renews(as_alice: Client):
    response = as_alice.post("/", TOO_LONG)
    assert response.status_code == 422
    page = response.content.decode()
    assert "This costs $1.20. Your budget of $1.00 this month has $1.00 left. It renews on" in page
    assert "A paper boat" in page, "what was typed stays"
    assert not Video.objects.exists()


def test_rest_answers_402(token):
    response = _post(Client(), "/api/v1/videos/generate", TOO_LONG, **token[1])
    assert response.status_code == 402
    error = response.json()["error"]
    assert (error["code"], error["left"]) == ("budget_exceeded", "1.00")
    assert error["renews_at"] > timezone.now().timestamp()
    assert not Video.objects.exists()


def test_v1_answers_429_that_sdks_do_not_retry(token):
    response = _post(Client(), "/v1/videos", TOO_LONG, **token[1])
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "insufficient_quota"
    assert response.json()["error"]["type"] == "insufficient_quota"
    assert response.headers["x-should-retry"] == "false"
    assert not Video.objects.exists()


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_openais_sdk_asks_once(token):
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        response = Client().post(
            "/v1/videos",
            request.read(),
            content_type=request.headers["Content-Type"],
            headers={"Authorization": request.headers["Authorization"]},
        )
        return httpx2.Response(response.status_code, headers=dict(response.headers), content=response.content)

    transport = httpx2.Client(transport=httpx2.MockTransport(answer))
    secret = token[1]["Authorization"].removeprefix("Bearer ")
    client = openai.OpenAI(api_key=secret, base_url="http://studio.test/v1", http_client=transport)
    with pytest.raises(openai.RateLimitError) as refused:
        client.videos.create(prompt="A boat", model="sora-2", seconds="12", size="1280x720")
    assert refused.value.code == "insufficient_quota"
    assert len(asked) == 1, "although it retries other 429s twice"


def test_a_refused_request_may_be_sent_again_with_its_key(token):
    headers = {**token[1], "Idempotency-Key": "one"}
    assert _post(Client(), "/api/v1/videos/generate", TOO_LONG, **headers).status_code == 402
    user = token[0].user
    set_budget(Target(Scope.USER, user=user), "month", dollars("5"))
    assert _post(Client(), "/api/v1/videos/generate", TOO_LONG, **headers).status_code == 200
    assert Video.objects.count() == 1


def test_a_token_has_a_budget_of_its_own(alice: User, token, as_alice: Client):
    set_budget(Target(Scope.TOKEN, token=token[0]), "day", dollars("0.50"))
    assert _post(Client(), "/v1/videos", FITTING, **token[1]).status_code == 200
    assert LedgerLine.objects.get().token_id == token[0].pk
    second = _post(Client(), "/api/v1/videos/generate", FITTING, **token[1])
    assert second.status_code == 402
    assert "The budget of this API token" in second.json()["error"]["message"]
    assert as_alice.post("/", FITTING).status_code == 302, "the token's budget bounds no page"
    assert list(LedgerLine.objects.values_list("token_id", flat=True)) == [token[0].pk, None]


def test_a_token_of_one_request_is_not_that_of_the_next(token, as_alice: Client):
    _post(Client(), "/v1/videos", FITTING, **token[1])
    as_alice.post("/", FITTING)
    assert LedgerLine.objects.latest("pk").token_id is None


def test_the_command_fails_with_the_sentence(alice: User):
    with pytest.raises(CommandError, match=r"This costs \$1.20.*\$1.00 left"):
        call_command("generate_video", "A boat", "--user", "alice", "--seconds", "12")
    assert not Video.objects.exists()


def _batch(tmp_path: Path, rows: int) -> Path:
    file = tmp_path / "shots.csv"
    lines = [f"A boat number {number},sora-2,4,1280x720" for number in range(rows)]
    file.write_text("prompt,model,seconds,size\n" + "\n".join(lines))
    return file


def test_a_batch_is_refused_whole(alice: User, tmp_path: Path):
    with pytest.raises(CommandError, match=r"Nothing was queued. These 3 videos cost \$1.20"):
        call_command("generate_batch", str(_batch(tmp_path, 3)), "--user", "alice")
    assert not Video.objects.exists()
    assert not LedgerLine.objects.exists()


def test_a_dry_run_says_what_it_costs_and_what_is_left(alice: User, tmp_path: Path):
    printed, out = StringIO(), StringIO()
    call_command(
        "generate_batch", str(_batch(tmp_path, 3)), "--user", "alice", "--dry-run", stdout=printed, stderr=out
    )
    assert "$1.20  Paid" in printed.getvalue()
    assert "alice: $1.00 this month, $1.00 left." in out.getvalue()
    assert "This does not fit." in out.getvalue()
    assert not Video.objects.exists()


def _failed(owner: User) -> Video:
    video = make(owner, seconds=8)
    lifecycle.cancel(video.pk)
    return put_into(video, State.FAILED, error_code="timed_out")


def test_a_retry_is_refused_on_the_page(alice: User, as_alice: Client):
    video = _failed(alice)
    make(alice)
    response = as_alice.post(f"/videos/{video.public_id}/retry", follow=True)
    assert "This costs $0.80. Your budget" in response.content.decode()
    video.refresh_from_db()
    assert video.state == State.FAILED


def test_a_retry_is_refused_over_rest(alice: User, token):
    video = _failed(alice)
    make(alice)
    response = _post(Client(), f"/api/v1/videos/{video.public_id}/retry", {}, **token[1])
    assert response.status_code == 402
    video.refresh_from_db()
    assert video.state == State.FAILED


def test_of_many_retries_those_that_fit_are_made(alice: User, token):
    videos = [_failed(alice), _failed(alice)]
    body = {"action": "retry", "ids": [video.public_id for video in videos]}
    answer = _post(Client(), "/api/v1/videos/actions", body, **token[1], **{"Idempotency-Key": "k"}).json()
    assert [each["result"] for each in answer["data"]] == ["done", "not_possible"]
    assert answer["data"][1]["error"]["code"] == "budget_exceeded"
    assert sums()[0] == dollars("0.80")
    assert_consistent()


def test_many_retries_on_the_page_say_how_many_were_not_paid(alice: User, as_alice: Client):
    videos = [_failed(alice), _failed(alice)]
    fields = {
        "do": "retry",
        "id": [video.public_id for video in videos],
        "seen": [seen_version(video) for video in videos],
    }
    page = as_alice.post("/library/jobs", fields, follow=True).content.decode()
    assert "1 video will be retried. 1 video was not paid for. This costs $0.80." in page


def test_many_retries_in_the_admin_say_why_some_were_not_paid(alice: User, as_carol: Client):
    videos = [_failed(alice), _failed(alice)]
    done = answer(as_carol, act(as_carol, "retry", videos))
    (told,) = messages_of(done)
    assert told.startswith("1 queued again; 1 not paid for: This costs $0.80.")
    assert_consistent()


def test_a_role_and_the_studio_have_budgets_too(alice: User, bob: User):
    set_budget(Target(Scope.ROLE, role="creator"), "week", dollars("0.80"))
    make(alice)
    make(bob)
    with pytest.raises(CommandError, match="The budget of the role “creator” of"):
        call_command("generate_video", "A boat", "--user", "bob")
    set_budget(Target(Scope.ROLE, role="creator"), "week", dollars("100"))
    set_budget(Target(Scope.STUDIO), "total", dollars("1"))
    with pytest.raises(CommandError, match=r"The studio's budget of \$1.00 in all.*It does not renew"):
        call_command("generate_video", "A boat", "--user", "bob")


def test_a_soft_budget_refuses_nothing_and_warns(alice: User, as_alice: Client):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("1"), is_soft=True)
    assert as_alice.post("/", TOO_LONG).status_code == 302
    assert "Your budget of $1.00 this month is used up." in as_alice.get("/").content.decode()


def test_what_has_no_price_is_refused_where_the_setting_says_so(alice: User, as_alice: Client, settings):
    from videos.models import VideoModel

    VideoModel.objects.update(price_per_second={})
    settings.UNPRICED_MODELS = "refuse"
    page = as_alice.post("/", FITTING)
    assert page.status_code == 422
    assert "Nobody knows what sora-2 on Paid costs" in page.content.decode()
    assert not Video.objects.exists()


def test_what_has_no_price_is_marked_so_and_its_true_price_counts(alice: User):
    from videos.models import VideoModel

    VideoModel.objects.update(price_per_second={})
    video = make(alice)
    assert LedgerLine.objects.get().is_priced is False
    now = timezone.now()
    claimed = lifecycle.claim(video.pk, lease=timedelta(minutes=1), now=now)
    assert claimed is not None
    lifecycle.accept(video.pk, claimed, job_id="job", progress=0, due_at=now)
    lifecycle.begin_storing(video.pk, "job", charge=Charge(dollars("1.00")))
    assert sums() == (0, dollars("1.00"))
    with pytest.raises(CommandError, match="The price of this is not known"):
        call_command("generate_video", "A boat", "--user", "alice")


def test_a_high_price_is_to_be_confirmed_at_every_door(alice: User, as_alice: Client, token, settings):
    settings.CONFIRM_PRICE_ABOVE = dollars("0.30")
    page = as_alice.post("/", FITTING)
    assert page.status_code == 422
    assert 'name="confirm_price" value="0.40"' in page.content.decode()
    rest = _post(Client(), "/api/v1/videos/generate", FITTING, **token[1])
    assert (rest.status_code, rest.json()["error"]["code"]) == (422, "price_confirmation_required")
    assert rest.json()["error"]["price"] == "0.40"
    v1 = _post(Client(), "/v1/videos", FITTING, **token[1])
    assert (v1.status_code, v1.json()["error"]["code"]) == (400, "price_confirmation_required")
    with pytest.raises(CommandError, match=r"--confirm-price 0.40"):
        call_command("generate_video", "A boat", "--user", "alice")
    assert not Video.objects.exists()

    assert as_alice.post("/", {**FITTING, "confirm_price": "0.40"}).status_code == 302
    confirmed = {**token[1], "Confirm-Price": "0.40"}
    assert _post(Client(), "/api/v1/videos/generate", FITTING, **confirmed).status_code == 200
    assert Video.objects.count() == 2


@pytest.mark.parametrize("price", ["0.39", "nonsense", "", "1e9", "NaN", "-1", "\u0661"])
def test_a_lower_price_or_nonsense_confirms_nothing(as_alice: Client, settings, price: str):
    settings.CONFIRM_PRICE_ABOVE = dollars("0.30")
    assert as_alice.post("/", {**FITTING, "confirm_price": price}).status_code == 422
    assert not Video.objects.exists()


def test_nonsense_in_the_header_is_a_400(token):
    response = _post(Client(), "/v1/videos", FITTING, **token[1], **{"Confirm-Price": "a lot"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "Confirm-Price")


def test_a_retry_at_a_high_price_asks_on_a_page_of_its_own(alice: User, as_alice: Client, settings):
    video = _failed(alice)
    settings.CONFIRM_PRICE_ABOVE = dollars("0.30")
    address = f"/videos/{video.public_id}/retry"
    question = f"/videos/{video.public_id}/confirm/retry"

    assert as_alice.post(address).headers["Location"] == question
    assert as_alice.post(address, headers={"HX-Request": "true"}).headers["HX-Redirect"] == question
    page = as_alice.get(question).content.decode()
    assert "Retry for $0.80?" in page
    assert 'name="confirm_price" value="0.80"' in page
    video.refresh_from_db()
    assert video.state == State.FAILED, "nothing was submitted so far"

    as_alice.post(address, {"confirm_price": "0.80"})
    video.refresh_from_db()
    assert video.state == State.QUEUED
    assert_consistent()


def test_only_paid_actions_of_ones_own_videos_ask_for_a_price(alice: User, as_alice: Client, as_bob: Client):
    video = _failed(alice)
    assert as_alice.get(f"/videos/{video.public_id}/confirm/abandon").status_code == 404
    assert as_bob.get(f"/videos/{video.public_id}/confirm/retry").status_code == 404
    Video.objects.filter(pk=video.pk).update(price=None)
    assert as_alice.get(f"/videos/{video.public_id}/confirm/retry").status_code == 404
