"""What hosts print need not be UTF-8: a name from an old server, the log of somebody's build."""

import io
from typing import Any

from paramiko.file import BufferedFile
from pyinfra.connectors.util import read_output_buffers

from bunker.worker.batch import make_batch


class Stream(BufferedFile):
    """A channel of paramiko's over bytes that are there."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._set_mode("r")
        self._content = io.BytesIO(content)

    def _read(self, size: int) -> bytes:
        return self._content.read(size)


def request() -> dict[str, Any]:
    return {
        "run_id": "test",
        "deploy": "tests.fake.fake_roles:three_steps",
        "fingerprint_key": "00" * 32,
        "hosts": [],
    }


def test_what_a_host_prints_after_bytes_that_are_no_text_is_read_as_well() -> None:
    make_batch(request())
    printed = "Jürgen\n".encode("latin-1") + "ü\nend\n".encode()
    found = read_output_buffers(
        Stream(printed), Stream(b""), 5, print_output=False, print_prefix=""
    )
    assert found.stdout_lines == ["J\ufffdrgen", "ü", "end"]
