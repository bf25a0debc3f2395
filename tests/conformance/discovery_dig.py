#!/usr/bin/env python3
"""`dig` against the discovery daemon's DNS: every record type it serves, tags and RFC 2782 names, truncation and the retry over TCP, EDNS0."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from discovery import deregister_service, put  # noqa: E402
from scripts import contains, same  # noqa: E402

PORT = os.environ["GRAVITY_DISCOVERY_DNS_PORT"]
mark = "c" + uuid.uuid4().hex[:8]
if shutil.which("dig") is None:
    print("there is no dig (Debian: bind9-dnsutils)")
    sys.exit(77)


def dig(*arguments):
    command = ["dig", "@127.0.0.1", "-p", PORT, "+tries=2", "+time=5", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def short(*arguments):
    return sorted(line for line in dig("+short", *arguments).splitlines() if line and not line.startswith(";"))


try:
    put("catalog/register", {"Node": f"{mark}-a", "Address": "10.9.0.1", "NodeMeta": {"rack": "7"},
                             "Service": {"ID": "1", "Service": mark, "Port": 81, "Tags": ["blue"], "Weights": {"Passing": 3, "Warning": 1}},
                             "Check": {"CheckID": "c", "ServiceID": "1", "Status": "passing"}})
    put("catalog/register", {"Node": f"{mark}-b", "Address": "10.9.0.2",
                             "Service": {"ID": "2", "Service": mark, "Port": 82, "Address": "10.9.1.2", "Tags": ["green"]}})
    put("catalog/register", {"Node": f"{mark}-c", "Address": "10.9.0.3", "Service": {"ID": "3", "Service": mark, "Port": 83},
                             "Check": {"CheckID": "c", "ServiceID": "3", "Status": "critical"}})
    put("catalog/register", {"Node": f"{mark}-six", "Address": "2001:db8::9", "Service": {"ID": "6", "Service": f"{mark}6", "Port": 86}})
    name = f"{mark}.service.consul"

    same("A: those that are not critical", short(name, "A"), ["10.9.0.1", "10.9.1.2"])
    same("with the datacenter", short(f"{mark}.service.dc1.consul", "A"), ["10.9.0.1", "10.9.1.2"])
    same("by tag", short(f"green.{name}", "A"), ["10.9.1.2"])
    same("AAAA", short(f"{mark}6.service.consul", "AAAA"), ["2001:db8::9"])
    same("SRV", short(name, "SRV"), [f"1 1 82 0a090102.addr.dc1.consul.", f"1 3 81 {mark}-a.node.dc1.consul."])
    same("RFC 2782", short(f"_{mark}._blue.service.consul", "SRV"), [f"1 3 81 {mark}-a.node.dc1.consul."])
    contains("SRV's additional section", dig(name, "SRV"), "ADDITIONAL: 3", "10.9.0.1", "10.9.1.2")
    same("a target of SRV", short("0a090102.addr.dc1.consul", "A"), ["10.9.1.2"])
    same("a node", short(f"{mark}-a.node.consul", "A"), ["10.9.0.1"])
    same("TXT", short(f"{mark}-a.node.consul", "TXT"), ['"rack=7"'])
    same("PTR", short("-x", "10.9.0.1"), [f"{mark}-a.node.dc1.consul."])
    same("PTR of IPv6", short("-x", "2001:db8::9"), [f"{mark}-six.node.dc1.consul."])
    contains("SOA", dig("consul", "SOA"), "ns.consul. hostmaster.consul.", "flags: qr aa")
    same("NS", len(short("consul", "NS")), 1)
    contains("a name nobody has", dig(f"{mark}-none.service.consul", "A"), "status: NXDOMAIN", "SOA")
    contains("a type it does not have", dig(name, "AAAA"), "status: NOERROR", "ANSWER: 0", "SOA")
    contains("the letter case of the question", dig(name.upper(), "A"), f"{name.upper()}.")
    contains("another zone", dig("example.com", "A"), "status: REFUSED")
    contains("an opcode of others", dig("+opcode=notify", name, "SOA"), "status: NOTIMP")
    contains("EDNS version 1", dig("+edns=1", "+noednsnegotiation", name, "A"), "status: BADVERS")

    for i in range(60):
        put("catalog/register", {"Node": f"{mark}-m{i}", "Address": f"10.9.2.{i}", "Service": {"ID": "m", "Service": f"{mark}many", "Port": 90}})
    many = f"{mark}many.service.consul"
    contains("plain UDP", dig("+noedns", "+ignore", many, "A"), "flags: qr aa tc", "ANSWER: 3,")
    contains("small EDNS0", dig("+bufsize=512", "+ignore", many, "SRV"), "flags: qr aa tc")
    same("all by the retry over TCP", len(short("+noedns", many, "A")), 60)
    same("all by TCP", len(short("+tcp", many, "SRV")), 60)
    same("all by EDNS0", len(short("+bufsize=4096", "+ignore", many, "A")), 60)
    contains("two questions on one connection", dig("+tcp", "+keepopen", many, "A", name, "A"), "10.9.2.59", "10.9.1.2")

    query = json.loads(put("query", {"Name": f"{mark}q", "Service": {"Service": mark, "Near": "_ip"}}, method="POST"))["ID"]
    for node, first in (("10.9.0.1", "10.9.0.1"), ("10.9.0.2", "10.9.1.2")):
        near = ["+subnet=" + node, f"{mark}q.query.consul", "A"]
        same(f"a prepared query, what is near {node}", dig("+short", *near).splitlines()[0], first)
        contains("the client subnet (RFC 7871) that it is for", dig(*near), f"CLIENT-SUBNET: {node}/32/32")
    contains("a client subnet that does not matter", dig("+subnet=10.9.0.0/23", name, "A"), "CLIENT-SUBNET: 10.9.0.0/23/0", "ANSWER: 2,")
    put(f"query/{query}", None, method="DELETE")

    put("agent/service/register", {"Name": f"{mark}t", "Port": 91, "Check": {"CheckID": f"{mark}t", "TTL": "60s", "Status": "passing"}})
    same("a passing instance", len(short(f"{mark}t.service.consul", "SRV")), 1)
    put(f"agent/check/fail/{mark}t", None)
    contains("once it is critical", dig(f"{mark}t.service.consul", "SRV"), "status: NXDOMAIN")
finally:
    nodes = [f"{mark}-{suffix}" for suffix in ("a", "b", "c", "six", *(f"m{i}" for i in range(60)))]
    for node in nodes:
        put("catalog/deregister", {"Node": node})
    deregister_service(f"{mark}t")
print("dig is served")
