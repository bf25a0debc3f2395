#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""What auth issues, got and read by a client that others wrote: Authlib with requests and joserfc, from nothing but the issuer's address. Client credentials in
every way of authentication, verification of the token by the published keys, introspection, revocation, registration, proofs of possession by joserfc, exchange.
On an auth and a PostgreSQL of its own; once asked
itself, once at the root of a gateway with the route of the folders for Kubernetes."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import throwaway  # noqa: E402
from neighbourhood import gateway, manifest_route  # noqa: E402
from scripts import same  # noqa: E402

try:
    import requests
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.oauth2.rfc7523 import PrivateKeyJWT
    from authlib.oauth2.rfc7591 import ClientMetadataClaims
    from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
    from joserfc import jwt
    from joserfc.jwk import ECKey, KeySet, RSAKey
except ImportError as missing:
    print(f"{missing.name} is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it is on this machine
SCOPES = ["products:write", "orders:read"]
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


def claim(what, holds):
    if not holds:
        sys.exit(f"not so: {what}")


class Metadata(AuthorizationServerMetadata):
    """Without an authorization endpoint there are no response types; an empty list of them is taken for none at all."""
    REGISTRY_KEYS = [key for key in AuthorizationServerMetadata.REGISTRY_KEYS if key != "response_types_supported"]


class Issuer:
    def __init__(self, url, token):
        self.url, self.token = url, token
        document = requests.get(f"{url}/.well-known/oauth-authorization-server", timeout=60).json()
        # RFC 8414 wants https; the rest of the document is held against it as it is.
        Metadata({name: value.replace("http://", "https://") if isinstance(value, str) else value for name, value in document.items()}).validate()
        same("the issuer", document["issuer"], url)
        self.metadata = document

    def make(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            sys.exit(f"POST {path}: {error.code} {error.read().decode()}")

    def session(self, client, method):
        return OAuth2Session(client["id"], client.get("client_secret"), token_endpoint_auth_method=method)


def check_token(issuer, client, token):
    keys = KeySet.import_key_set(requests.get(issuer.metadata["jwks_uri"], timeout=60).json())
    decoded = jwt.decode(token["access_token"], keys, algorithms=["ES256"])
    same("the type of the token", decoded.header["typ"], "at+jwt")
    jwt.JWTClaimsRegistry(iss={"essential": True, "value": issuer.url}, aud={"essential": True, "value": "gravity"}, exp={"essential": True},
                          sub={"essential": True, "value": client["id"]}, jti={"essential": True}).validate(decoded.claims)
    same("client_id", decoded.claims["client_id"], client["id"])
    same("the type of its use", token["token_type"], "Bearer")


def check_secrets(issuer):
    client = issuer.make("/api/v1/clients", {"name": "Orders", "scopes": SCOPES})
    for method in ("client_secret_basic", "client_secret_post"):
        claim(f"{method} is offered", method in issuer.metadata["token_endpoint_auth_methods_supported"])
        session = issuer.session(client, method)
        token = session.fetch_token(issuer.metadata["token_endpoint"], grant_type="client_credentials", scope="products:read")
        check_token(issuer, client, token)
        same("the scope", token["scope"], "products:read")
        told = session.introspect_token(issuer.metadata["introspection_endpoint"], token=token["access_token"], token_type_hint="access_token").json()
        same("the token is active", (told["active"], told["client_id"]), (True, client["id"]))
        session.revoke_token(issuer.metadata["revocation_endpoint"], token=token["access_token"]).raise_for_status()
        told = session.introspect_token(issuer.metadata["introspection_endpoint"], token=token["access_token"]).json()
        same("a revoked token", told, {"active": False})
        try:
            session.fetch_token(issuer.metadata["token_endpoint"], grant_type="client_credentials", scope="products:admin")
        except Exception as refused:  # noqa: BLE001: whatever the library makes of it, it has to name the code
            claim(f"more scope is invalid_scope, not {refused}", "invalid_scope" in str(refused))
        else:
            sys.exit("more scope was given than the client has")


def check_assertion(issuer):
    key = RSAKey.generate_key(2048, parameters={"alg": "RS256"}, auto_kid=True)  # what Authlib signs with unless told otherwise
    client = issuer.make("/api/v1/clients", {"name": "Keys", "scopes": SCOPES, "token_endpoint_auth_method": "private_key_jwt",
                                             "jwks": {"keys": [key.as_dict(private=False)]}})
    claim("private_key_jwt is offered", "private_key_jwt" in issuer.metadata["token_endpoint_auth_methods_supported"])
    endpoint = issuer.metadata["token_endpoint"]
    session = OAuth2Session(client["id"], key.as_pem(private=True).decode(), token_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(PrivateKeyJWT(endpoint))
    check_token(issuer, client, session.fetch_token(endpoint, grant_type="client_credentials"))
    check_token(issuer, client, session.fetch_token(endpoint, grant_type="client_credentials"))
    same("a client without its key", requests.post(endpoint, {"grant_type": "client_credentials"}, auth=(client["id"], "x"), timeout=60).status_code, 401)


def refused(code, call):
    try:
        call()
    except Exception as error:  # noqa: BLE001: whatever the library makes of it, it has to name the code
        claim(f"{code} is the reason, not {error}", code in str(error))
    else:
        sys.exit(f"{code} was expected")


def registered(issuer):
    metadata = {"client_name": "Registered", "grant_types": ["client_credentials", EXCHANGE], "scope": " ".join(SCOPES), "token_endpoint_auth_method": "client_secret_post"}
    answer = requests.post(issuer.metadata["registration_endpoint"], json=metadata, headers={"Authorization": f"Bearer {issuer.token}"}, timeout=60)
    same("status of the registration", answer.status_code, 201)
    client = answer.json()
    ClientMetadataClaims(client, {}).validate()
    same("what was registered", {name: client[name] for name in ("client_name", "grant_types", "token_endpoint_auth_method")},
         {name: metadata[name] for name in ("client_name", "grant_types", "token_endpoint_auth_method")})
    return {"id": client["client_id"], "client_secret": client["client_secret"]}


def check_bound(issuer):
    """A token bound to a key, by proofs that joserfc signs; and what becomes of it in an exchange."""
    client, key, endpoint = registered(issuer), ECKey.generate_key("P-256"), issuer.metadata["token_endpoint"]
    session = issuer.session(client, "client_secret_post")

    def proof(signer=key):
        claims = {"htm": "POST", "htu": endpoint, "iat": int(time.time()), "jti": str(uuid.uuid4())}
        return {"DPoP": jwt.encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": signer.as_dict(private=False)}, claims, signer)}

    claim("ES256 is offered for proofs", "ES256" in issuer.metadata["dpop_signing_alg_values_supported"])
    once = proof()
    token = session.fetch_token(endpoint, grant_type="client_credentials", headers=once)
    same("the type of its use", token["token_type"], "DPoP")
    keys = KeySet.import_key_set(requests.get(issuer.metadata["jwks_uri"], timeout=60).json())
    same("the key it is bound to", jwt.decode(token["access_token"], keys, algorithms=["ES256"]).claims["cnf"], {"jkt": key.thumbprint()})
    refused("invalid_dpop_proof", lambda: session.fetch_token(endpoint, grant_type="client_credentials", headers=once))

    def exchanged(headers, **more):
        return issuer.session(client, "client_secret_post").fetch_token(endpoint, grant_type=EXCHANGE, subject_token=token["access_token"],
                                                                        subject_token_type=ACCESS_TOKEN, headers=headers, **more)

    refused("invalid_dpop_proof", lambda: exchanged({}))
    refused("invalid_dpop_proof", lambda: exchanged(proof(ECKey.generate_key("P-256"))))
    refused("invalid_scope", lambda: exchanged(proof(), scope="products:admin"))
    refused("invalid_target", lambda: exchanged(proof(), audience="elsewhere"))
    narrow = exchanged(proof(), scope="products:read")
    same("what the exchange gave", (narrow["scope"], narrow["token_type"], narrow["issued_token_type"]), ("products:read", "DPoP", ACCESS_TOKEN))
    told = session.introspect_token(issuer.metadata["introspection_endpoint"], token=narrow["access_token"]).json()
    same("introspection of it", (told["active"], told["token_type"], told["cnf"]), (True, "DPoP", {"jkt": key.thumbprint()}))


def check_roles(issuer):
    client = issuer.make("/api/v1/clients", {"name": "Clerk", "scopes": []})
    reader = issuer.make("/api/v1/roles", {"name": f"reader-{uuid.uuid4()}", "scopes": ["products:read"]})
    clerk = issuer.make("/api/v1/roles", {"name": f"clerk-{uuid.uuid4()}", "scopes": ["orders:read"], "parents": [reader["id"]]})
    granted = requests.put(f"{issuer.url}/api/v1/roles/{clerk['id']}/members/{client['id']}", headers={"Authorization": f"Bearer {issuer.token}"}, timeout=60)
    same("status of the grant", granted.status_code, 204)
    token = issuer.session(client, "client_secret_basic").fetch_token(issuer.metadata["token_endpoint"], grant_type="client_credentials")
    same("what its roles let it do", token["scope"], "orders:read products:read")
    keys = KeySet.import_key_set(requests.get(issuer.metadata["jwks_uri"], timeout=60).json())
    same("its roles", jwt.decode(token["access_token"], keys, algorithms=["ES256"]).claims["roles"], sorted([reader["name"], clerk["name"]]))


def use(program, cluster, folder, environment, token, public_port):
    """An auth that its clients reach itself, or at a gateway's root by this port."""
    port = throwaway.free_port()
    url = f"http://127.0.0.1:{public_port or port}"
    daemon = throwaway.Daemon(program, cluster, folder, {**environment, "PORT": str(port), "AUTH_PUBLIC_URL": url}, "auth")
    try:
        daemon.wait_ready()
        with contextlib.ExitStack() as door:
            if public_port:
                (folder / "routes.json").write_text(json.dumps({"routes": [manifest_route("auth", f"127.0.0.1:{port}")]}))
                door.enter_context(gateway(daemon, {"GATEWAY_ROUTES_FILE": str(folder / "routes.json"), "PORT": str(public_port)}, folder))
                throwaway.wait_for(public_port, daemon.process)
            issuer = Issuer(url, token)
            check_secrets(issuer)
            check_assertion(issuer)
            check_bound(issuer)
            check_roles(issuer)
            same("the service's own API without a token", requests.get(f"{url}/api/v1/clients", timeout=60).status_code, 401)
    finally:
        daemon.kill()


def main():
    program = throwaway.binary("auth", os.environ.get("GRAVITY_PRESET", "dev"))
    if not program.exists():
        print(f"{program} is not built")
        sys.exit(77)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gravity-auth-"))
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    cluster = throwaway.Cluster(folder / "pg")
    cluster.database("auth")
    token, environment = throwaway.signed_token(folder, ["clients", "roles", "products", "orders"], more=["clients:register"])
    environment |= {"MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
    try:
        for public_port in (None, throwaway.free_port()):
            use(program, cluster, folder, environment, token, public_port)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("Authlib got, verified, bound, exchanged, asked about and gave back tokens in every way.")


main()
