import pytest

from videos.backends.concurrency import suggest_max_in_flight


def _models(*names: str, **fields: str) -> dict[str, object]:
    return {"object": "list", "data": [{"id": name, **fields} for name in names]}


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8001/v1",
        "http://[::1]:8001/v1",
        "http://192.168.1.5:8091/v1",
        "http://100.64.0.9:8091/v1",
        "http://vllm:8000/v1",
        "http://gpu.internal:8091/v1",
        "http://localhost/v1",
    ],
)
def test_a_server_on_ones_own_network_makes_one_video_at_a_time(address: str):
    assert suggest_max_in_flight(address, _models("wan")) == 1
    assert suggest_max_in_flight(address) == 1
    assert suggest_max_in_flight(address, _models("wan", "ltx")) == 2


@pytest.mark.parametrize("engine", ["vllm", "sglang", "SGLang"])
def test_so_does_one_elsewhere_that_runs_an_engine_for_ones_own(engine: str):
    assert suggest_max_in_flight("https://gpu.example.org/v1", _models("wan", owned_by=engine)) == 1


@pytest.mark.parametrize("models", [None, [], "x", {"data": 7}, {"data": [None, {"owned_by": ["vllm"]}]}])
@pytest.mark.parametrize("address", ["https://videos.example.org/v1", "http://[/v1", "", "http://8.8.8.8/v1"])
def test_of_a_hosted_one_nothing_is_known(address: str, models: object):
    assert suggest_max_in_flight(address, models) is None
