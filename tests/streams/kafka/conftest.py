import pytest

from streams.broker.process import LOOPBACK, free_port


@pytest.fixture
def unused_address() -> str:
    return f"{LOOPBACK}:{free_port()}"
