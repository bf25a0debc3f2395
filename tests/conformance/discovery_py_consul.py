#!/usr/bin/env python3
"""The py-consul client, unchanged, against the discovery daemon: key-value store, blocking queries, agent, checks, maintenance, catalog, sessions,
locks, transactions; and against one with access rules: tokens, policies, roles."""

import os
import pathlib
import sys
import threading
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from discovery import own_daemon  # noqa: E402
from scripts import same  # noqa: E402

try:
    import consul
except ImportError:
    print("py-consul is not installed (tests/conformance/requirements.txt)")
    sys.exit(77)

PORT = urllib.parse.urlsplit(os.environ["GRAVITY_DISCOVERY_URL"]).port
client = consul.Consul(host="127.0.0.1", port=PORT)
mark = uuid.uuid4().hex[:8]
service, instance = f"conformance-{mark}", f"conformance-{mark}:1"


def passing():
    return [entry["Service"]["ID"] for entry in client.health.service(service, passing=True)[1]]


# Key-value store
assert client.kv.put(f"{mark}/foo", "bar")
index, entry = client.kv.get(f"{mark}/foo")
same("value", entry["Value"], b"bar")
same("keys", client.kv.get(f"{mark}/", keys=True)[1], [f"{mark}/foo"])
assert client.kv.put(f"{mark}/once", "1", cas=0)
same("a second check-and-set", client.kv.put(f"{mark}/once", "2", cas=0), False)

# A blocking query wakes when its key is written by another client.
index, _ = client.kv.get(f"{mark}/wait")
writer = threading.Timer(0.2, lambda: consul.Consul(host="127.0.0.1", port=PORT).kv.put(f"{mark}/wait", "x"))
writer.start()
_, entry = client.kv.get(f"{mark}/wait", index=index, wait="30s")
writer.join()
same("what the blocking query saw", entry and entry["Value"], b"x")
assert client.kv.delete(f"{mark}/", recurse=True)
same("after deleting", client.kv.get(f"{mark}/", recurse=True)[1], None)

# Sessions and locks
session = client.session.create(name=mark, ttl=60, lock_delay=0, behavior="delete")
other = client.session.create(name=f"{mark}-2", checks=[])
lock = f"{mark}/leader"
assert client.kv.put(lock, "one", acquire=session)
same("a lock that is held", client.kv.put(lock, "two", acquire=other), False)
_, entry = client.kv.get(lock)
same("its holder and sequencer", (entry["Session"], entry["LockIndex"]), (session, 1))
same("the session", client.session.info(session)[1]["TTL"], "60s")
same("renewed", client.session.renew(session)["ID"], session)
assert {session, other} <= {one["ID"] for one in client.session.list()[1]}
assert client.session.destroy(session)
same("the key of a session that deletes", client.kv.get(lock)[1], None)
assert client.kv.put(lock, "two", acquire=other) and client.kv.put(lock, "three", release=other)
same("released", client.kv.get(lock)[1].get("Session"), None)
assert client.session.destroy(other)
try:
    client.kv.put(lock, "four", acquire=other)
    sys.exit("a session that has ended acquired a key")
except consul.ConsulException as refusal:
    assert "invalid session" in str(refusal), refusal

# Transactions
done = client.txn.put([{"KV": {"Verb": "set", "Key": f"{mark}/t", "Value": "dmFsdWU="}}, {"KV": {"Verb": "get", "Key": f"{mark}/t"}}])
same("the value within the transaction", done["Results"][1]["KV"]["Value"], "dmFsdWU=")
assert client.kv.delete(f"{mark}/", recurse=True)

# Agent, TTL check, maintenance
assert client.agent.service.register(service, service_id=instance, port=99, tags=["t"], check=consul.Check.ttl("10s"))
assert instance in client.agent.services()
same("before the first beat", passing(), [])
assert client.agent.check.ttl_pass(f"service:{instance}")
same("after it", passing(), [instance])
assert client.agent.service.maintenance(instance, "true", "why")
same("in maintenance", passing(), [])
assert client.agent.service.maintenance(instance, "false")
same("after maintenance", passing(), [instance])
assert client.agent.service.deregister(instance)
same("deregistered", passing(), [])

# Catalog and status
assert client.catalog.register(f"node-{mark}", "10.1.1.1", service={"service": f"s-{mark}", "port": 5})
same("node of the service", [entry["Node"] for entry in client.catalog.service(f"s-{mark}")[1]], [f"node-{mark}"])
assert client.catalog.deregister(f"node-{mark}")
same("the node afterwards", client.catalog.node(f"node-{mark}")[1], None)
assert client.agent.self()["Config"]["Version"] and client.agent.members() and client.status.leader() and client.status.peers()


# Access rules, on a daemon of its own: they are for all or nobody.
def refused(what, call):
    try:
        call()
    except consul.ACLPermissionDenied as refusal:
        return str(refusal)
    sys.exit(f"{what} was not refused")


def with_rules(port):
    root = consul.Consul(host="127.0.0.1", port=port).acl.bootstrap()["SecretID"]
    admin = consul.Consul(host="127.0.0.1", port=port, token=root)
    nobody = consul.Consul(host="127.0.0.1", port=port)
    refused("a second bootstrap", nobody.acl.bootstrap)
    assert "lacks permission 'key:write' on \"k\"" in refused("an anonymous write", lambda: nobody.kv.put("k", "v"))
    same("what an anonymous caller sees", nobody.catalog.services()[1], {})
    policy = admin.acl.policy.create("keys", rules={"key_prefix": {"k": {"policy": "write"}}}, description="d")
    same("the policy", admin.acl.policy.read(policy["ID"])["Name"], "keys")
    assert "keys" in {one["Name"] for one in admin.acl.policy.list()}
    role = admin.acl.role.create("writer", policies_name=["keys"], service_identities=[{"ServiceName": "web"}])
    same("the role", admin.acl.role.read_by_name("writer")["ID"], role["ID"])
    made = admin.acl.token.create(roles_name=["writer"], description="one", expiration_ttl="1h")
    user = consul.Consul(host="127.0.0.1", port=port, token=made["SecretID"])
    same("the token itself", user.acl.token.read_self()["AccessorID"], made["AccessorID"])
    assert user.kv.put("k", "v") and user.agent.service.register("web", port=1)
    refused("another key", lambda: user.kv.put("other", "v"))
    refused("another service", lambda: user.agent.service.register("db", port=2))
    refused("the list of tokens", user.acl.token.list)
    same("updated", admin.acl.token.update(made["AccessorID"], description="two", roles_name=["writer"])["Description"], "two")
    clone = admin.acl.token.clone(made["AccessorID"], description="three")
    assert consul.Consul(host="127.0.0.1", port=port, token=clone["SecretID"]).kv.put("k", "w")
    same("of the service", {one["Description"] for one in admin.acl.token.list(role=role["ID"])}, {"two", "three"})
    admin.acl.policy.update(policy["ID"], "keys", rules={"key_prefix": {"k": {"policy": "read"}}})
    refused("a write after the policy was changed", lambda: user.kv.put("k", "x"))
    same("a read after it", user.kv.get("k")[1]["Value"], b"w")
    assert admin.acl.token.delete(made["AccessorID"]) and admin.acl.role.delete(role["ID"]) and admin.acl.policy.delete(policy["ID"])
    refused("a token that was deleted", lambda: user.kv.get("k"))


with own_daemon("--discovery-acl-enabled=true") as own_port:
    with_rules(own_port)
print("py-consul is served")
