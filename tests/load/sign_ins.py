#!/usr/bin/env python3
"""500 who sign in at a time with passwords that are wrong, each again a quarter of a second after the answer, whatever that was; until SIGTERM. Then it prints how often each
status came (0: none came). A process of its own, so that `tests/load/auth.py` can let it have only what who measures leaves.

    tests/load/sign_ins.py PORT TOKEN"""

import asyncio
import json
import signal
import sys

PEOPLE, PAUSE = 500, 0.25


def request(n, token):
    body = json.dumps({"login_name": f"nobody{n}", "password": "wrong and long enough", "address": f"10.{n // 250}.{n % 250}.7"})
    return (f"POST /api/v1/credentials/check HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


async def answered(port, sent):
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(sent)
            return int((await reader.read())[9:12])
        finally:
            writer.close()
    except (OSError, ValueError):
        return 0


async def person(port, sent, ending, statuses):
    while not ending.is_set():
        status = await answered(port, sent)
        statuses[status] = statuses.get(status, 0) + 1
        await asyncio.wait([ending_soon := asyncio.ensure_future(ending.wait())], timeout=PAUSE)
        ending_soon.cancel()


async def main(port, token):
    ending, statuses = asyncio.Event(), {}
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    await asyncio.gather(*(person(port, request(n, token), ending, statuses) for n in range(PEOPLE)))
    print(json.dumps(dict(sorted(statuses.items()))))


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
