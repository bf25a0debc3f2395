"""The development identity: an ES256 key made at the first start, its JWKS, and tokens signed with it.

Only local development uses it; a deployment's services trust their own AUTH_JWKS_URL. OpenSSL's command does the
cryptography, so no Python package is needed."""

import base64
import hashlib
import json
import os
import secrets
import subprocess
import time
from pathlib import Path

from . import manifest
from .errors import Failure
from .paths import Instance, write_private

ISSUER = "gravity-dev"
AUDIENCE = "gravity"
LIFETIME_SECONDS = 3600
_P256_COORDINATE = 32  # bytes


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def uuid7(now: float | None = None) -> str:
    """RFC 9562 section 5.7: 48 bits of milliseconds, version, variant, random rest."""
    milliseconds = int((time.time() if now is None else now) * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def raw_signature(der: bytes) -> bytes:
    """An ECDSA signature from DER (SEQUENCE of two INTEGERs, RFC 3279) to r || s of fixed length (RFC 7518 section 3.4)."""
    def fail() -> Failure:
        return Failure("openssl gave a signature that is not DER.")

    if len(der) < 8 or der[0] != 0x30 or der[1] != len(der) - 2:
        raise fail()
    numbers, rest = [], der[2:]
    for _ in range(2):
        if len(rest) < 2 or rest[0] != 0x02 or len(rest) < 2 + rest[1]:
            raise fail()
        numbers.append(int.from_bytes(rest[2:2 + rest[1]], "big"))
        rest = rest[2 + rest[1]:]
    if rest or any(number >= 1 << 8 * _P256_COORDINATE for number in numbers):
        raise fail()
    return b"".join(number.to_bytes(_P256_COORDINATE, "big") for number in numbers)


def _openssl(*arguments: str, data: bytes | None = None) -> bytes:
    try:
        run = subprocess.run(["openssl", *arguments], input=data, capture_output=True, timeout=30)
    except FileNotFoundError:
        raise Failure("The command `openssl` is missing.", "apt-get install openssl", 3) from None
    if run.returncode != 0:
        raise Failure(f"openssl {arguments[0]} failed: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout


class Identity:
    """Key, public key set and default project of an instance; `ensure` makes what is missing."""

    def __init__(self, instance: Instance):
        self.key_file = instance.secrets_dir / "dev-key.pem"
        # The set is public, but its folder is 0700: services run as the same user, so they can read it.
        self.jwks_file = instance.secrets_dir / "dev-jwks.json"
        self.facts_file = instance.secrets_dir / "first-run.json"

    def ensure(self) -> bool:
        """True if this was the first run."""
        first = not self.key_file.exists()
        if first:
            write_private(self.key_file, _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256").decode())
        if first or not self.jwks_file.exists():
            write_private(self.jwks_file, json.dumps({"keys": [self.public_key()]}, indent=2) + "\n", 0o644)
        if not self.facts_file.exists():
            write_private(self.facts_file, json.dumps({"project": uuid7(), "project_name": "default", "sub": "developer"}, indent=2) + "\n")
        return first

    def facts(self) -> dict:
        try:
            return json.loads(self.facts_file.read_text())
        except FileNotFoundError:
            raise Failure("There is no development identity yet.", "`./gravity up` makes it.") from None

    def public_key(self) -> dict:
        """The key as a JWK with its RFC 7638 thumbprint as `kid`."""
        der = _openssl("pkey", "-in", str(self.key_file), "-pubout", "-outform", "DER")
        point = der[-2 * _P256_COORDINATE:]  # SubjectPublicKeyInfo ends with 04 || x || y (RFC 5480)
        if der[-2 * _P256_COORDINATE - 1] != 0x04:
            raise Failure(f"{self.key_file} is not an uncompressed P-256 key.")
        key = {"crv": "P-256", "kty": "EC", "x": base64url(point[:_P256_COORDINATE]), "y": base64url(point[_P256_COORDINATE:])}
        thumbprint = hashlib.sha256(json.dumps(key, sort_keys=True, separators=(",", ":")).encode()).digest()
        return {**key, "kid": base64url(thumbprint), "alg": "ES256", "use": "sig"}

    def token(self, scopes: list[str] | None = None, project: str | None = None, sub: str | None = None,
              lifetime: int = LIFETIME_SECONDS) -> str:
        facts = self.facts()
        now = int(time.time())
        kid = json.loads(self.jwks_file.read_text())["keys"][0]["kid"]
        header = {"alg": "ES256", "typ": "at+jwt", "kid": kid}
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": sub or facts["sub"], "project": project or facts["project"],
                  "scope": " ".join(scopes if scopes is not None else default_scopes()), "iat": now, "exp": now + lifetime, "jti": uuid7()}
        signed = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        der = _openssl("dgst", "-sha256", "-sign", str(self.key_file), data=signed.encode())
        return f"{signed}.{base64url(raw_signature(der))}"


def default_scopes() -> list[str]:
    """Everything every manifest's collections offer."""
    return [f"{collection}:{right}" for service in manifest.load_all().values() for collection in service.collections
            for right in ("read", "write", "admin")]


def environment(identity: Identity) -> dict[str, str]:
    return {"AUTH_JWKS_URL": _file_url(identity.jwks_file), "AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": AUDIENCE}


def _file_url(path: Path) -> str:
    # Bytes of the path percent-encoded (RFC 8089), so blanks and letters of any script survive.
    from urllib.parse import quote
    return "file://" + quote(os.fsencode(path))
