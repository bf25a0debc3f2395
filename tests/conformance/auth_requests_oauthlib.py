#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""requests-oauthlib (PyPI) against auth, as its documentation shows it: people sign in at clients with a secret and at one without, which says who it is by Basic and an
empty secret, unless told otherwise; their tokens are refreshed and given back. A device and a machine get theirs. On an auth and a PostgreSQL of its own."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from issuer import issuer, skip  # noqa: E402
from scripts import same  # noqa: E402

try:
    import requests
    from oauthlib.oauth2 import BackendApplicationClient, DeviceClient, OAuth2Error
    from requests_oauthlib import OAuth2Session
except ImportError as missing:
    skip(f"{missing.name} is not installed (tests/conformance/requirements.txt)")

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # it is on this machine
HOME = "http://127.0.0.1/cb"
SCOPES = ["openid", "email", "offline_access"]


def refused(code, call):
    try:
        call()
    except OAuth2Error as error:
        same("the reason", error.error, code)
    else:
        sys.exit(f"{code} was expected")


def at_client(auth, person, metadata, client, **how):
    """Through the person's consent to tokens, which are used, refreshed and given back."""
    session = OAuth2Session(client["id"], redirect_uri=HOME, scope=SCOPES, pkce="S256")
    address, _ = session.authorization_url(metadata["authorization_endpoint"], nonce="n1")
    back = person.visit(address, HOME, browser=client["id"]).location
    session.fetch_token(metadata["token_endpoint"], authorization_response=back, **how)
    same("who it is", session.get(metadata["userinfo_endpoint"]).json()["email"], "ada@example.com")
    credentials = {"client_id": client["id"]} | ({"client_secret": client["client_secret"]} if "client_secret" in client else {})
    fresh = session.refresh_token(metadata["token_endpoint"], **credentials)
    same("who it is still", session.get(metadata["userinfo_endpoint"]).status_code, 200)
    given_back = requests.post(metadata["revocation_endpoint"], {"token": fresh["refresh_token"], "token_type_hint": "refresh_token", **credentials}, timeout=60)
    same("status of the revocation", given_back.status_code, 200)
    refused("invalid_grant", lambda: session.refresh_token(metadata["token_endpoint"], **credentials))


def machine(auth, metadata):
    client = auth.make("/api/v1/clients", {"name": "Machine", "scopes": ["clients:read"]})
    secret = client["client_secret"]
    for how in ({}, {"include_client_id": True}):
        session = OAuth2Session(client=BackendApplicationClient(client_id=client["id"], scope=["clients:read"]))
        session.fetch_token(metadata["token_endpoint"], client_id=client["id"], client_secret=secret, **how)
        same("status of a resource", session.get(f"{auth.url}/api/v1/clients/{client['id']}").status_code, 200)
    refused("invalid_client", lambda: session.fetch_token(metadata["token_endpoint"], client_id=client["id"], client_secret=""))


def device(auth, person, metadata):
    client = auth.client(grant_types=["device_code"], token_endpoint_auth_method="none")
    asked = requests.post(metadata["device_authorization_endpoint"], {"client_id": client["id"], "scope": "openid"}, timeout=60).json()
    session = OAuth2Session(client=DeviceClient(client["id"]))

    def ask():
        return session.fetch_token(metadata["token_endpoint"], device_code=asked["device_code"], include_client_id=True)

    refused("authorization_pending", ask)
    person.visit(asked["verification_uri_complete"], browser="device", decision="deny")
    refused("access_denied", ask)


def main():
    with issuer() as auth:
        person, _ = auth.person("ada@example.com")
        metadata = requests.get(f"{auth.url}/.well-known/openid-configuration", timeout=60).json()
        web = auth.client(redirect_uris=[HOME])
        app = auth.client(redirect_uris=[HOME], token_endpoint_auth_method="none")
        at_client(auth, person, metadata, web, client_secret=web["client_secret"])
        at_client(auth, person, metadata, web, client_secret=web["client_secret"], include_client_id=True)
        at_client(auth, person, metadata, app)
        at_client(auth, person, metadata, app, include_client_id=True)
        machine(auth, metadata)
        device(auth, person, metadata)
    print("requests-oauthlib got people, a machine and a device in, and let nobody stay")


main()
