"""Short, bounded HTTP requests to services on this machine."""

import http.client
import json
from dataclasses import dataclass

MAX_BODY = 4 << 20


@dataclass(frozen=True)
class Answer:
    status: int  # 0: no connection or no HTTP; `text` then says why
    text: str = ""

    def json(self):
        """The body as a value, or None if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def request(port: int, path: str, method: str = "GET", body: bytes | None = None, headers: dict | None = None,
            seconds: float = 3.0) -> Answer:
    """Never raises for what a server may do. 127.0.0.1 first, then ::1 for machines without IPv4 loopback."""
    answer = Answer(0, "not asked")
    for address in ("127.0.0.1", "::1"):
        connection = http.client.HTTPConnection(address, port, timeout=seconds)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.read(MAX_BODY).decode("utf-8", "replace"))
        except ConnectionRefusedError:
            answer = answer if address == "::1" else Answer(0, f"nothing listens on port {port}")
        except (OSError, http.client.HTTPException) as error:
            if address == "127.0.0.1":
                answer = Answer(0, f"port {port}: {error or type(error).__name__}")
                break
        finally:
            connection.close()
    return answer
