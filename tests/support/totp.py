"""Codes by time (RFC 6238: SHA-1, six digits, 30 seconds), as an app on a phone makes them."""

import base64
import hashlib
import hmac
import struct
import time

STEP = 30  # seconds of a code


def totp(secret, step):
    """Of a key in base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    return f"{(struct.unpack('>I', digest[digest[-1] & 15:][:4])[0] & 0x7fffffff) % 1_000_000:06}"


def step_now():
    return int(time.time()) // STEP
