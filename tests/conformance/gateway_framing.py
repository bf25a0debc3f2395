#!/usr/bin/env python3
# Runs beside other scripts: its daemons are its own.
"""Where a request ends: raw bytes sent to the gateway in front of an upstream that is read by h11, nginx, Node and a server of `common`.

Each case is followed by one more request, `/end`. A good case is answered and `/end` too; of a bad one nothing may follow the refusal, the connection
closes, and no upstream sees a request that the case had hidden. Each is sent at once and byte by byte. Then upstreams break the same rules in their
answers: the client is told 502 and never sees what was hidden, and the connection is not used again.

What is not installed is left out, and said: h11 (needed), nginx, Node. GRAVITY_GATEWAY_BIN names another gateway to be tried.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from throwaway import binary, free_port  # noqa: E402

try:
    import h11
except ImportError:
    print("there is no h11 (tests/conformance/requirements.txt)")
    sys.exit(77)

PATIENCE = 20
GATEWAY = os.environ.get("GRAVITY_GATEWAY_BIN", str(binary("gateway", os.environ.get("GRAVITY_PRESET", "dev"))))
nginx_program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
node_program = shutil.which("node")

# --- cases ---------------------------------------------------------------------------------------------------------------------------------------

# `served`: (method, end of the target, body) of each request that must be answered by the upstream; `refused`: the status of the last answer, which
# closes the connection, or 0. `proxy`: a rule for proxies alone, which a server need not have.
Case = collections.namedtuple("Case", "name data served refused proxy hidden_fields")
cases = []
HOST = b"Host: h\r\n"
INNER = b"GET /rec/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
HIDDEN = b"GET $P/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"  # '$P' becomes the prefix of the upstream and the case


def add(name, data, served=(), refused=0, proxy=False, hidden_fields=()):
    cases.append(Case(name, data, list(served), refused, proxy, hidden_fields))


def bad(name, data, status=400, **more):
    add(name, data, refused=status, **more)


def post(fields, body=b"", version=b"HTTP/1.1", host=HOST):
    return b"POST $P/a " + version + b"\r\n" + host + fields + b"\r\n" + body


def chunked(body, fields=b""):
    return post(b"Transfer-Encoding: chunked\r\n" + fields, body)


HELLO = ("POST", "/a", b"hello")
NOTHING = ("POST", "/a", b"")
GET = ("GET", "/a", b"")
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"

# Content-Length
for value in (b"5", b"05", b"000000000000000005", b"  5", b"5  ", b"\t5\t"):
    add(f"length {value!r}", post(b"Content-Length:" + value + b"\r\n", b"hello"), [HELLO])
add("length 0", post(b"Content-Length: 0\r\n"), [NOTHING])
add("no length", post(b""), [NOTHING])
for value in (b"", b" ", b"-1", b"+5", b"0x5", b"5,5", b"5, 5", b"5, 6", b"5 5", b"5;", b"5;x=1", b"1e1", b"5.0", b"5.", b".5", b"five", b"5h", b"h5", b"'5'", b'"5"', b"5_0",
              b"\xef\xbc\x95", b"5\x00", b"\x0b5", b"5\x0c", b"5\x1f", b"5\x7f", b"9223372036854775808", b"18446744073709551616", b"18446744073709551621",
              b"99999999999999999999999", b"0000000000000000000000000000005", b"4294967301\r\n\t"):
    bad(f"length {value!r}", post(b"Content-Length: " + value + b"\r\n", b"hello" + HIDDEN))
for first, second in ((b"5", b"5"), (b"5", b"6"), (b"0", b"5"), (b"5", b"0"), (b"5", b""), (b"", b"5")):
    bad(f"lengths {first!r} and {second!r}", post(b"Content-Length: " + first + b"\r\ncontent-length: " + second + b"\r\n", b"hello" + HIDDEN))
for name in (b"Content-Length ", b"Content-Length\t", b"Content-Length\x00", b"\x00Content-Length", b"Content\x00-Length", b"Content-Length\x0b", b"Content Length", b"Content-Length\xa0",
             b"\xef\xbb\xbfContent-Length", b'"Content-Length"', b"Content-Length(x)", b"Content-Length\r", b"[Content-Length]"):
    bad(f"name {name!r}", post(name + b": 5\r\n", b"hello" + HIDDEN))
add("an underscore instead of a hyphen", post(b"Content_Length: 300\r\n"), [NOTHING], hidden_fields=("content_length",))
add("an underscore beside a length", post(b"Content_Length: 300\r\nContent-Length: 5\r\n", b"hello"), [HELLO], hidden_fields=("content_length",))
add("GET with a body", b"GET $P/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", [("GET", "/a", b"hello")])
add("DELETE with a body", b"DELETE $P/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", [("DELETE", "/a", b"hello")])
add("HEAD", b"HEAD $P/a HTTP/1.1\r\nHost: h\r\n\r\n", [("HEAD", "/a", b"")])
add("a body that is a request", post(b"Content-Length: %d\r\n" % len(INNER), INNER), [("POST", "/a", INNER)])

# Transfer-Encoding
for value in (b" chunked", b"chunked", b" Chunked", b" CHUNKED", b" chunked  ", b"\tchunked\t"):
    add(f"coding {value!r}", post(b"Transfer-Encoding:" + value + b"\r\n", CHUNKS), [HELLO])
for value in (b"", b"identity", b"gzip", b"gzip, chunked", b"chunked, gzip", b"chunked, identity", b"identity, chunked", b"chunked, chunked", b"chunked,", b",chunked", b", chunked",
              b"chunked;q=1", b"chunked;", b"chunked ;x", b'"chunked"', b"'chunked'", b"xchunked", b"x chunked", b"chunkedx", b"chunked x", b"chun ked", b"chunk", b"chunked\x0b",
              b"\x0bchunked", b"chunked\x00", b"\x00chunked", b"chunked\xa0", b"\xc2\xa0chunked", b"chunked\r", b"chunked\n", b"chu\r\n nked", b"\r\n chunked", b"chunked\r\n "):
    bad(f"coding {value!r}", post(b"Transfer-Encoding: " + value + b"\r\n", CHUNKS + HIDDEN))
for first, second in ((b"chunked", b"chunked"), (b"chunked", b"identity"), (b"identity", b"chunked"), (b"gzip", b"chunked"), (b"chunked", b""), (b"", b"chunked"), (b"chunked", b"x")):
    bad(f"codings {first!r} and {second!r}", post(b"Transfer-Encoding: " + first + b"\r\nTransfer-encoding: " + second + b"\r\n", CHUNKS + HIDDEN))
for name in (b"Transfer-Encoding ", b"Transfer-Encoding\t", b" Transfer-Encoding", b"\tTransfer-Encoding", b"Transfer-Encoding\x00", b"\x00Transfer-Encoding", b"\x0bTransfer-Encoding",
             b"Transfer Encoding", b"Transfer-Encoding\xff", b"Transfer-Encoding\r"):
    bad(f"name {name!r} beside a length", post(b"Content-Length: 4\r\n" + name + b": chunked\r\n", CHUNKS + HIDDEN))
    bad(f"name {name!r}", post(b"X: y\r\n" + name + b": chunked\r\n", CHUNKS + HIDDEN))
add("an underscored coding", post(b"Transfer_Encoding: chunked\r\nContent-Length: 15\r\n", CHUNKS), [("POST", "/a", CHUNKS)], hidden_fields=("transfer_encoding",))

# Both
for length in (b"0", b"4", b"5", b"15", b"4, 4", b"x", b""):
    bad(f"length {length!r}, then coding", post(b"Content-Length: " + length + b"\r\nTransfer-Encoding: chunked\r\n", CHUNKS + HIDDEN))
    bad(f"coding, then length {length!r}", post(b"Transfer-Encoding: chunked\r\nContent-Length: " + length + b"\r\n", CHUNKS + HIDDEN))
for value in (b"identity", b"gzip", b"x", b"", b"chunked, identity"):
    bad(f"length and coding {value!r}", post(b"Content-Length: 15\r\nTransfer-Encoding: " + value + b"\r\n", CHUNKS + HIDDEN))
bad("a coding in HTTP/1.0", post(b"Transfer-Encoding: chunked\r\n", CHUNKS + HIDDEN, b"HTTP/1.0"))
bad("a coding in HTTP/1.0 that is kept alive", post(b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", CHUNKS + HIDDEN, b"HTTP/1.0"))
bad("both in HTTP/1.0", post(b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n", CHUNKS + HIDDEN, b"HTTP/1.0"))
bad("GET with both", b"GET $P/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + HIDDEN)

# Chunks
for name, body, data in (("one", CHUNKS, b"hello"), ("two", b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello"), ("none", b"0\r\n\r\n", b""), ("zeros", b"000\r\n\r\n", b""),
                         ("leading zeros", b"0005\r\nhello\r\n0\r\n\r\n", b"hello"), ("upper case", b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
                         ("lower case", b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"), ("an extension", b"5;a=b\r\nhello\r\n0;c\r\n\r\n", b"hello"),
                         ("a chunk that is a request", b"%x\r\n%s\r\n0\r\n\r\n" % (len(INNER), INNER), INNER), ("bytes", b"3\r\n\x00\r\n\r\n0\r\n\r\n", b"\x00\r\n"),
                         ("a trailer", b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", b"hello"), ("trailers", b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-More:\r\n\r\n", b"hello"),
                         ("a length among the trailers", b"5\r\nhello\r\n0\r\nContent-Length: 500\r\n\r\n", b"hello"),
                         ("a coding among the trailers", b"5\r\nhello\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n", b"hello"),
                         ("a host among the trailers", b"5\r\nhello\r\n0\r\nHost: other\r\n\r\n", b"hello"),
                         ("many", b"".join(b"1\r\n%c\r\n" % c for c in b"abcdefghijklmnopqrstuvwxyz" * 4) + b"0\r\n\r\n", b"abcdefghijklmnopqrstuvwxyz" * 4)):
    add(f"chunks: {name}", chunked(body), [("POST", "/a", data)])
for name, body in (("no size", b"\r\nhello\r\n0\r\n\r\n"), ("no hexadecimal", b"g\r\nhello\r\n0\r\n\r\n"), ("a prefix", b"0x5\r\nhello\r\n0\r\n\r\n"), ("a sign", b"+5\r\nhello\r\n0\r\n\r\n"),
                   ("negative", b"-5\r\nhello\r\n0\r\n\r\n"), ("a space before", b" 5\r\nhello\r\n0\r\n\r\n"), ("a space after", b"5 \r\nhello\r\n0\r\n\r\n"),
                   ("a tab after", b"5\t\r\nhello\r\n0\r\n\r\n"), ("a bare LF after the size", b"5\nhello\r\n0\r\n\r\n"), ("a bare CR after the size", b"5\rhello\r\n0\r\n\r\n"),
                   ("CR CR LF", b"5\r\r\nhello\r\n0\r\n\r\n"), ("a bare LF after the data", b"5\r\nhello\n0\r\n\r\n"), ("nothing after the data", b"5\r\nhello0\r\n\r\n"),
                   ("a longer size", b"6\r\nhello\r\n0\r\n\r\n"), ("a shorter size", b"4\r\nhello\r\n0\r\n\r\n"), ("two bytes after the data", b"5\r\nhelloXX0\r\n\r\n"),
                   ("64 bits and one", b"10000000000000005\r\nhello\r\n0\r\n\r\n"), ("64 bits of one", b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), ("63 bits", b"8000000000000000\r\nhello\r\n0\r\n\r\n"),
                   ("many digits", b"0" * 40 + b"5\r\nhello\r\n0\r\n\r\n"), ("a long extension", b"5;" + b"x" * 40 + b"\r\nhello\r\n0\r\n\r\n"),
                   ("an extension with a bare LF", b"5;a\nb\r\nhello\r\n0\r\n\r\n"), ("an extension with a bare CR", b"5;a\rb\r\nhello\r\n0\r\n\r\n"), ("an extension with NUL", b"5;\x00\r\nhello\r\n0\r\n\r\n"),
                   ("a quoted line end", b'5;a="\r\n"\r\nhello\r\n0\r\n\r\n'), ("a quoted bare LF", b'5;a="\n"\r\nhello\r\n0\r\n\r\n'), ("a comma in the size", b"5,5\r\nhello\r\n0\r\n\r\n"),
                   ("an underscore in the size", b"0_5\r\nhello\r\n0\r\n\r\n"), ("a bare LF at the end", b"5\r\nhello\r\n0\n\n"), ("a bare LF after the last chunk", b"5\r\nhello\r\n0\r\n\n"),
                   ("NUL in the size", b"5\x00\r\nhello\r\n0\r\n\r\n"), ("a full-width digit", b"\xef\xbc\x95\r\nhello\r\n0\r\n\r\n"), ("a second CR LF after the data", b"5\r\nhello\r\n\r\n0\r\n\r\n"),
                   ("a trailer without a colon", b"5\r\nhello\r\n0\r\nX-Sum\r\n\r\n"), ("a trailer with a space before the colon", b"5\r\nhello\r\n0\r\nX-Sum : 1\r\n\r\n"),
                   ("a folded trailer", b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n 2\r\n\r\n"), ("a trailer with a bare LF", b"5\r\nhello\r\n0\r\nX-Sum: 1\n\r\n\r\n"),
                   ("a trailer with a bare CR", b"5\r\nhello\r\n0\r\nX-Sum: 1\rX\r\n\r\n"), ("a trailer with NUL", b"5\r\nhello\r\n0\r\nX-Sum: \x00\r\n\r\n"), ("a trailer without a name", b"5\r\nhello\r\n0\r\n: 1\r\n\r\n"),
                   ("a request line among the trailers", b"0\r\nGET $P/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"), ("trailers of 8 KiB", b"0\r\nX: " + b"x" * 8192 + b"\r\n\r\n")):
    bad(f"chunks: {name}", chunked(body + HIDDEN))

# Lines
bad("a folded field", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n" + HIDDEN)
bad("a field folded by a tab", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n" + HIDDEN)
bad("a folded first line", b"GET $P/a HTTP/1.1\r\n Host: h\r\n\r\n" + HIDDEN)
bad("a line of a space", b"GET $P/a HTTP/1.1\r\nHost: h\r\n \r\n\r\n" + HIDDEN)
bad("a hidden field on a folded line", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX: a\r\n Content-Length: 300\r\n\r\n" + HIDDEN)
for name, data in (("after the request line", b"GET $P/a HTTP/1.1\nHost: h\r\n\r\n"), ("after a field", b"GET $P/a HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"), ("at the end", b"GET $P/a HTTP/1.1\r\nHost: h\r\n\n"),
                   ("everywhere", b"GET $P/a HTTP/1.1\nHost: h\n\n"), ("twice after a field", b"GET $P/a HTTP/1.1\r\nHost: h\n\nX: y\r\n\r\n"), ("in front", b"\nGET $P/a HTTP/1.1\r\nHost: h\r\n\r\n")):
    bad(f"bare LF {name}", data + HIDDEN)
    bad(f"bare CR {name}", data.replace(b"\r\n", b"\0").replace(b"\n", b"\r").replace(b"\0", b"\r\n") + HIDDEN)
bad("CR CR LF", b"GET $P/a HTTP/1.1\r\nHost: h\r\r\n\r\n" + HIDDEN)
bad("CR LF CR CR LF", b"GET $P/a HTTP/1.1\r\nHost: h\r\n\r\r\n\r\n" + HIDDEN)
bad("CR in a value", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX: a\rContent-Length: 300\r\n\r\n" + HIDDEN)
for byte in (0, 1, 8, 11, 12, 27, 31, 127):
    bad(f"byte {byte} in a value", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX: a%cb\r\n\r\n" % byte + HIDDEN)
    bad(f"byte {byte} in a name", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX%cY: a\r\n\r\n" % byte + HIDDEN)
for name in (b"", b"(", b"X Y", b"X,", b"X/Y", b"X=", b"X[0]", b"{X}", b"X@", b"\xc3\xa9", b"<X>", b"X\\", b"X?"):
    bad(f"field name {name!r}", b"GET $P/a HTTP/1.1\r\nHost: h\r\n" + name + b": a\r\n\r\n" + HIDDEN)
bad("a field without a colon", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX\r\n\r\n" + HIDDEN)
add("bytes above ASCII in a value", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX: \xc3\xa9\xff\r\n\r\n", [GET])
add("an empty value", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX:\r\nY: \t \r\n\r\n", [GET])
add("every character of a token", b"GET $P/a HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^`|~09azAZ: a\r\n\r\n", [GET])
add("one empty line in front", b"\r\nGET $P/a HTTP/1.1\r\nHost: h\r\n\r\n", [GET])
bad("two empty lines in front", b"\r\n\r\nGET $P/a HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN)
bad("a space in front", b" GET $P/a HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN)

# Host
bad("no host", b"GET $P/a HTTP/1.1\r\n\r\n" + HIDDEN)
for value in (b"", b"a b", b"a\tb", b"a/b", b"a@b", b"a,b", b"a, b", b"a?b", b"a#b", b"a\\b", b"a\"b", b"<a>", b"h:x", b"h:80:80", b"h:-1", b"h:123456", b"[::1", b"::1", b"[::1]x", b"[]", b"[h]", b"]h[",
              b":80", b"h\xc3\xa9", b"h%", b"h%zz", b"http://h", b"h\x00", b"\x0bh", b"a|b", b"a^b", b"a`b", b"{h}"):
    bad(f"host {value!r}", b"GET $P/a HTTP/1.1\r\nHost: " + value + b"\r\n\r\n" + HIDDEN)
for value in (b"h:80", b"h:", b"127.0.0.1:8000", b"[::1]", b"[::1]:8000", b"xn--bcher-kva.example", b"a_b", b"A.B.", b"a%2db"):
    add(f"host {value!r}", b"GET $P/a HTTP/1.1\r\nHost: " + value + b"\r\n\r\n", [GET])
for second in (b"h", b"other", b""):
    bad(f"hosts h and {second!r}", b"GET $P/a HTTP/1.1\r\nHost: h\r\nhost: " + second + b"\r\n\r\n" + HIDDEN)
bad("a space before a host's colon", b"GET $P/a HTTP/1.1\r\nHost : h\r\n\r\n" + HIDDEN)
bad("two hosts in HTTP/1.0", b"GET $P/a HTTP/1.0\r\nHost: h\r\nHost: i\r\n\r\n" + HIDDEN)
add("no host in HTTP/1.0", b"GET $P/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", [GET])
add("HTTP/1.0 that is kept alive", b"GET $P/a HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", [GET])

# Request lines
for line in (b"GET $P/a", b"GET $P/a ", b"GET", b"GET ", b"$P/a HTTP/1.1", b"GET  $P/a HTTP/1.1", b"GET $P/a  HTTP/1.1", b"GET $P/a HTTP/1.1 ", b"GET\t$P/a HTTP/1.1", b"GET $P/a\tHTTP/1.1", b"GET $P/a b HTTP/1.1",
             b"GET $P/a HTTP/1.1 HTTP/1.1", b"GET $P/a HTTP/1.1x", b"GET $P/a HTTP/1", b"GET $P/a HTTP/1.", b"GET $P/a HTTP/11", b"GET $P/a HTTP/1.10", b"GET $P/a HTTP/01.1", b"GET $P/a HTTP/1,1", b"GET $P/a HTTP 1.1",
             b"GET $P/a http/1.1", b"GET $P/a Http/1.1", b"GET $P/a HTP/1.1", b"GET $P/a XHTTP/1.1", b"GET $P/a HTTP/a.b", b"GET $P/a HTTP/-1.1", b"GET $P/a HTTP/1.1\x0b", b"GET $P/a ICY/1.1", b"G(ET $P/a HTTP/1.1",
             b"GE\x00T $P/a HTTP/1.1", b"G\xc3\x8bT $P/a HTTP/1.1", b"GET: $P/a HTTP/1.1", b"{GET} $P/a HTTP/1.1", b"\"GET\" $P/a HTTP/1.1", b"GET\x0b$P/a HTTP/1.1", b"\xef\xbb\xbfGET $P/a HTTP/1.1"):
    bad(f"line {line!r}", line + b"\r\nHost: h\r\n\r\n" + HIDDEN)
for version in (b"HTTP/2.0", b"HTTP/0.9", b"HTTP/3.0", b"HTTP/9.9"):
    bad(f"version {version!r}", b"GET $P/a " + version + b"\r\nHost: h\r\n\r\n" + HIDDEN, 505)
# At the beginning of a connection it is one of HTTP/2 (gateway_http2.py); behind a proxy that shares its connections, nobody takes one over in the middle.
add("the preface of HTTP/2 after a request", b"GET $P/a HTTP/1.1\r\n" + HOST + b"\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [GET], 505)
bad("a ClientHello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
for target in (b"a", b"*", b"?a", b"h:80", b"$P/a#b", b"$P/a\x00", b"$P/a\x7f", b"$P/\xc3\xa9", b"$P/a\x0bb", b"http:$P/a", b"https:/a", b"http://", b"http:///a", b"http://u@h$P/a", b"http://h:x$P/a", b"http://h h$P/a", b"ftp://h$P/a",
               b"file:///etc/passwd", b"javascript:alert(1)", b"http://[::1$P/a", b"http://h\\$P/a", b"://h$P/a", b"http//h$P/a"):
    bad(f"target {target!r}", b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN)
for path in (b"$P/%2fa", b"$P/%2Fa", b"$P/a%5cb", b"$P/a%00", b"$P/a%", b"$P/a%4", b"$P/a%zz", b"$P/a\\b"):
    bad(f"path {path!r}", b"GET " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, proxy=True)
for target, seen in ((b"http://h$P/a", "/a"), (b"HTTP://h$P/a", "/a"), (b"https://h$P/a?x=1", "/a?x=1"), (b"$P/./b/../a", "/a"), (b"$P//a", "/a"), (b"$P/%61", "/a"), (b"$P/a?b=http://c/%2f", "/a?b=http://c/%2f"), (b"$P/a?", "/a?"),
                     (b"$P/a:b", "/a:b"), (b"$P/a%20b", "/a%20b"), (b"$P/%7Ea", "/~a")):
    add(f"target {target!r}", b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n", [("GET", seen, b"")], proxy=target not in (b"$P/a?", b"$P/a:b", b"$P/a%20b"))
for method in (b"CONNECT", b"TRACE"):
    bad(method.decode(), method + b" $P/a HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 405, proxy=True)
bad("CONNECT to an authority", b"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n" + HIDDEN, 405, proxy=True)
for method in (b"PUT", b"PATCH", b"OPTIONS", b"PROPFIND", b"get", b"X-Y"):
    add(f"method {method.decode()}", method + b" $P/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", [(method.decode(), "/a", b"hello")], proxy=method in (b"PROPFIND", b"get", b"X-Y"))

# Connection and what it names
for value in (b"content-length", b"Content-Length", b"close, content-length", b"keep-alive ,\tCONTENT-LENGTH", b",content-length,", b"host", b"x, host"):
    bad(f"Connection: {value.decode()}", post(b"Connection: " + value + b"\r\nContent-Length: 5\r\n", b"hello" + HIDDEN), proxy=True)
bad("Connection names the coding", post(b"Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n", CHUNKS + HIDDEN), proxy=True)
bad("a second Connection names the length", post(b"Connection: x\r\nConnection: content-length\r\nContent-Length: 5\r\n", b"hello" + HIDDEN), proxy=True)
add("Connection names a field", post(b"Connection: x-hop\r\nX-Hop: 1\r\nContent-Length: 5\r\n", b"hello"), [HELLO], hidden_fields=("x-hop", "connection"))
add("Connection: keep-alive", post(b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\n", b"hello"), [HELLO], hidden_fields=("keep-alive", "connection"))
add("an upgrade that is none", b"GET $P/a HTTP/1.1\r\nHost: h\r\nConnection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", [GET], hidden_fields=("upgrade", "http2-settings"), proxy=True)
add("a WebSocket without a key", b"GET $P/a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n", [GET], hidden_fields=("upgrade", "connection"), proxy=True)
add("a WebSocket of another version", b"GET $P/a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", [GET],
    hidden_fields=("upgrade", "connection"), proxy=True)
add("fields between two neighbours", b"GET $P/a HTTP/1.1\r\nHost: h\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: x\r\nTE: trailers\r\nTrailer: X\r\n\r\n", [GET],
    hidden_fields=("proxy-connection", "proxy-authorization"))

# One after the other
add("two GETs", b"GET $P/a HTTP/1.1\r\nHost: h\r\n\r\nGET $P/b HTTP/1.1\r\nHost: h\r\n\r\n", [GET, ("GET", "/b", b"")])
add("twenty GETs", b"GET $P/a HTTP/1.1\r\nHost: h\r\n\r\n" * 20, [GET] * 20)
add("a length, then a GET", post(b"Content-Length: 5\r\n", b"hello") + b"GET $P/a HTTP/1.1\r\nHost: h\r\n\r\n", [HELLO, GET])
add("chunks, then a length", chunked(CHUNKS) + post(b"Content-Length: 5\r\n", b"hello"), [HELLO, HELLO])
add("a length, then chunks", post(b"Content-Length: 5\r\n", b"hello") + chunked(CHUNKS), [HELLO, HELLO])
add("CR LF after a body", post(b"Content-Length: 5\r\n", b"hello\r\n"), [HELLO])
add("HEAD, then chunks", b"HEAD $P/a HTTP/1.1\r\nHost: h\r\n\r\n" + chunked(CHUNKS), [("HEAD", "/a", b""), HELLO])
for name, data, status in (("both lengths", post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKS), 400), ("a folded field", b"GET $P/b HTTP/1.1\r\nHost: h\r\n x\r\n\r\n", 400),
                           ("no host", b"GET $P/b HTTP/1.1\r\n\r\n", 400), ("a broken chunk", chunked(b"x\r\n"), 400), ("a longer body", b"XGET / HTTP/1.1x\r\n\r\n", 400), ("another version", b"GET $P/b HTTP/2.0\r\n\r\n", 505)):
    add(f"a good one, then {name}", post(b"Content-Length: 5\r\n", b"hello") + data + HIDDEN, [HELLO], status)
    add(f"good chunks, then {name}", chunked(CHUNKS) + data + HIDDEN, [HELLO], status)

# The rest
bad("an unknown expectation", post(b"Expect: 200-ok\r\nContent-Length: 5\r\n", b"hello" + HIDDEN), 417)
bad("two expectations", post(b"Expect: 100-continue, x\r\nContent-Length: 5\r\n", b"hello" + HIDDEN), 417)
bad("101 fields", b"GET $P/a HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 100 + b"\r\n" + HIDDEN, 431)
add("100 fields", b"GET $P/a HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 90 + b"\r\n", [GET])
bad("a field of 40 KiB", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 40960 + b"\r\n\r\n" + HIDDEN, 431)
bad("a target of 9 KiB", b"GET $P/" + b"x" * 9216 + b" HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN, 414)
bad("a target of 40 KiB", b"GET $P/" + b"x" * 40960, 414)
bad("a line without an end", b"GET $P/a HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 40960, 431)
bad("two Authorization fields", b"GET $P/a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n" + HIDDEN, proxy=True)

# --- upstreams -----------------------------------------------------------------------------------------------------------------------------------


class Listener:
    """Serves each connection on a thread of its own, until it is closed."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        self.serve, self.threads = serve, []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.run, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def run(self, connection):
        connection.settimeout(PATIENCE * 3)
        try:
            self.serve(connection)
        except OSError:
            pass  # the gateway may cut what it refuses
        finally:
            connection.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for thread in self.threads:
            thread.join(PATIENCE)
            if thread.is_alive():
                sys.exit("an upstream's connection is still open though the gateway has ended")


def echo(method, target, body):
    return json.dumps({"method": method, "target": target, "body": body.hex()}).encode()


class Recorder:
    """What h11 makes of the bytes that reach an upstream: a request's end is where h11 sees it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.begun, self.errors, self.fields = [], [], {}
        self.listener = Listener(self.serve)

    def serve(self, connection):
        machine = h11.Connection(h11.SERVER)
        request, body = None, b""
        while True:
            try:
                event = machine.next_event()
            except h11.RemoteProtocolError as error:
                if not machine.trailing_data[1] or "incomplete" not in str(error):  # the gateway may stop in the middle of a body it finds malformed
                    with self.lock:
                        self.errors.append(f"{error}: {machine.trailing_data[0][:200]!r}")
                return
            if event is h11.NEED_DATA:
                machine.receive_data(connection.recv(65536))
            elif isinstance(event, h11.Request):
                request, body = event, b""
                with self.lock:
                    self.begun.append(event.target.decode())
                    self.fields[event.target.decode()] = {name.decode() for name, _ in event.headers}
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                text = echo(request.method.decode(), request.target.decode(), body)
                connection.sendall(machine.send(h11.Response(status_code=200, headers=[("Content-Length", str(len(text)))])))
                data = machine.send(h11.Data(data=b"" if request.method == b"HEAD" else text))
                connection.sendall(data + machine.send(h11.EndOfMessage()))
                if machine.our_state is not h11.DONE:
                    return
                machine.start_next_cycle()
            else:
                return


NODE = """
const server = require('http').createServer((request, response) => {
  const parts = [];
  request.on('data', (data) => parts.push(data));
  request.on('end', () => {
    const text = JSON.stringify({method: request.method, target: request.url, body: Buffer.concat(parts).toString('hex')});
    response.setHeader('Content-Length', Buffer.byteLength(text));
    response.end(text);
  });
});
server.on('checkContinue', (request, response) => server.emit('request', request, response));
server.keepAliveTimeout = 60000;
server.listen(%d, '127.0.0.1');
"""

NGINX = """
daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log crit;
events {}
http {
  access_log off;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  keepalive_requests 100000;
  large_client_header_buffers 4 64k;
  server {
    listen 127.0.0.1:%(port)d;
    location / { proxy_pass http://unix:%(folder)s/inner.sock:; }  # which reads the body to its end before it passes anything on
  }
  server {
    listen unix:%(folder)s/inner.sock;
    location / { return 200 '{"method":"$request_method","target":"$request_uri"}'; }
  }
}
"""


def wait_for_port(port, what):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                sys.exit(f"{what} does not listen")
            time.sleep(0.02)


# --- the client ----------------------------------------------------------------------------------------------------------------------------------


class Answers:
    """Every answer on a connection until it is closed: (status, body); what is no answer raises."""

    def __init__(self, port, data, methods, drip=False):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for piece in ([data[i : i + 1] for i in range(len(data))] if drip else [data]):
                    client.sendall(piece)
            except OSError:
                pass  # refused before all of it was sent
            received = b""
            self.cut = False
            try:
                while block := client.recv(65536):
                    received += block
            except ConnectionResetError:
                self.cut = True
            except TimeoutError:
                raise ValueError(f"the connection stays open after {received[-300:]!r}") from None
        self.list = []
        rest = received
        methods = list(methods)
        while rest:
            head, separator, rest = rest.partition(b"\r\n\r\n")
            if not separator or not head.startswith(b"HTTP/1."):
                raise ValueError(f"{head[:200]!r} is no answer")
            status = int(head[9:12])
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])}
            if status < 200:
                continue
            method = methods.pop(0) if methods else "GET"
            body = b""
            if method != "HEAD" and status not in (204, 304):
                if fields.get(b"transfer-encoding") == b"chunked":
                    while size := int(rest.partition(b"\r\n")[0], 16):
                        rest = rest.partition(b"\r\n")[2]
                        body, rest = body + rest[:size], rest[size + 2 :]
                    rest = rest.partition(b"\r\n\r\n")[2]
                elif b"content-length" in fields:
                    size = int(fields[b"content-length"])
                    body, rest = rest[:size], rest[size:]
                else:
                    body, rest = rest, b""
            self.list.append((status, body))


failures = []


def check(where, case, number, prefix, port, drip=False, gateway=True, tells=True):
    """What this party makes of the case: the same as everybody else, or it refuses."""
    place = f"{prefix}/{number}"
    data = case.data.replace(b"$P", place.encode())
    end = f"GET {place}/end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
    wanted = list(case.served) + ([] if case.refused else [("GET", "/end", b"")])
    problem = None
    try:
        answers = Answers(port, data + end, [method for method, _, _ in case.served], drip)
        got = [status for status, _ in answers.list]
        if gateway:
            statuses = [200 if tells else 404] * len(wanted) + ([case.refused] if case.refused else [])
            if case.proxy and prefix in ("/nginx", "/node") and not case.refused:
                got, statuses = len(got), len(statuses)  # which may not know the method, or not speak the protocol
            if not tells and got:
                statuses = statuses[: len(got)]  # it may answer before it has read the body, which ends the connection
            if got != statuses:
                problem = f"answered {got} instead of {statuses}"
            elif answers.cut:
                problem = "the connection was reset"
        elif case.refused and not case.proxy and 0 in (got or [0])[:1]:
            problem = "no answer"
        if problem is None and tells:
            for (status, text), (method, target, body) in zip(answers.list, wanted):
                if method == "HEAD" or status != 200:
                    continue
                told = json.loads(text)
                expected = {"method": method, "target": place + target, "body": body.hex()}
                if gateway or not case.proxy:
                    if any(expected[name] != value for name, value in told.items()):
                        problem = f"{told} instead of {expected}"
                        break
    except (ValueError, OSError) as error:
        problem = str(error)
    if problem:
        failures.append(f"{where}: {case.name}: {problem}")
    return problem is None


# --- answers that break the rules ----------------------------------------------------------------------------------------------------------------

FAKE = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Fake: 1\r\n\r\nsmuggled"
OK = b"HTTP/1.1 200 OK\r\n"
# (name, what the upstream sends, what the client must see): a status, or "cut" where an answer had begun.
answers = [(f"length {value!r}", OK + b"Content-Length: " + value + b"\r\n\r\nhello" + FAKE, 502)
           for value in (b"", b"-1", b"+5", b"0x5", b"5,5", b"5, 6", b"5 5", b"x", b"18446744073709551621", b"99999999999999999999999", b"5\x00")]
answers += [(f"coding {value!r}", OK + b"Transfer-Encoding: " + value + b"\r\n\r\n" + CHUNKS + FAKE, 502)
            for value in (b"", b"gzip", b"identity", b"gzip, chunked", b"chunked, chunked", b"chunked, identity", b"xchunked", b"chunked\x0b", b"chunked;x")]
answers += [(name, data + FAKE, 502) for name, data in (
    ("both", OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS), ("both, the other way round", OK + b"Transfer-Encoding: chunked\r\nContent-Length: 15\r\n\r\n" + CHUNKS),
    ("two lengths", OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), ("one length twice", OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    ("two codings", OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS), ("a coding in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS),
    ("a space before the colon", OK + b"Content-Length : 5\r\n\r\nhello"), ("a folded field", OK + b"X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello"), ("a bare LF", b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    ("a bare LF after a field", OK + b"X: a\nContent-Length: 5\r\n\r\nhello"), ("a bare CR", OK + b"X: a\rContent-Length: 5\r\n\r\nhello"), ("NUL", OK + b"X: \x00\r\nContent-Length: 5\r\n\r\nhello"),
    ("no colon", OK + b"X\r\nContent-Length: 5\r\n\r\nhello"), ("no name", OK + b": x\r\nContent-Length: 5\r\n\r\nhello"), ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), ("another version", b"HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("no status", b"HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), ("a status of two digits", b"HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello"), ("a status of four", b"HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("a status of letters", b"HTTP/1.1 2x0 OK\r\nContent-Length: 5\r\n\r\nhello"), ("status 0", b"HTTP/1.1 000 OK\r\nContent-Length: 5\r\n\r\nhello"), ("two spaces", b"HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("a control character in the reason", b"HTTP/1.1 200 O\x01K\r\nContent-Length: 5\r\n\r\nhello"), ("a line in front", b"x\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("a switch nobody asked for", b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"), ("Connection names the length", OK + b"Connection: content-length\r\nContent-Length: 5\r\n\r\nhello"),
    ("101 fields", OK + b"X: y\r\n" * 101 + b"\r\n"), ("a head of 40 KiB", OK + b"X: " + b"x" * 40960 + b"\r\n\r\n"), ("an interim answer with a length", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello"),
    ("an interim answer with a coding", b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS))]
for name, body in (("no size", b"\r\nhello\r\n"), ("a sign", b"+5\r\nhello\r\n0\r\n\r\n"), ("a bare LF", b"5\nhello\r\n0\r\n\r\n"), ("nothing after the data", b"5\r\nhello0\r\n\r\n"), ("64 bits and one", b"10000000000000005\r\nhello\r\n"),
                   ("a long extension", b"5;" + b"x" * 40 + b"\r\nhello\r\n"), ("a folded trailer", b"0\r\nX: a\r\n b\r\n\r\n"), ("a trailer without a colon", b"0\r\nX\r\n\r\n")):
    answers.append((f"chunks: {name}", OK + b"Transfer-Encoding: chunked\r\n\r\n" + body + FAKE, 502))
for name, body in (("the end missing", b"5\r\nhello\r\n"), ("half a chunk", b"5\r\nhe")):
    answers.append((f"chunks: {name}", OK + b"Transfer-Encoding: chunked\r\n\r\n" + body, "cut"))
answers.append(("nothing", b"", 502))
answers.append(("a body cut short", OK + b"Content-Length: 10\r\n\r\nhello", "cut"))
# Good answers with something behind them that must not become the answer to the next request.
answers += [(name, data + FAKE, 200) for name, data in (("more than the length", OK + b"Content-Length: 5\r\n\r\nhello"), ("more than the chunks", OK + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS),
                                                         ("a body after no length", OK + b"Content-Length: 0\r\n\r\n"))]
answers += [("a body after 204", b"HTTP/1.1 204 No Content\r\n\r\n" + FAKE, 204), ("a length with 204", b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello" + FAKE, 204),
            ("a coding with 204", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + FAKE, 204), ("a body after 304", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello" + FAKE, 304)]


class Faulty:
    """Answers the first request on a connection by the script of its path, and notes a second one: there must be none."""

    def __init__(self):
        self.reused = []
        self.listener = Listener(self.serve)

    def serve(self, connection):
        received = b""
        while b"\r\n\r\n" not in received:
            if not (block := connection.recv(65536)):
                return
            received += block
        if received.startswith(b"GET /openapi.json"):
            return  # the gateway asks what the service is
        number = int(received.split(b"/")[2].split()[0])
        name, data, wanted = answers[number]
        connection.sendall(data)
        if wanted == "cut" or not data:
            return
        while block := connection.recv(65536):
            self.reused.append(f"{name}: {block[:100]!r}")


def check_answer(number, port):
    name, _, wanted = answers[number]
    request = f"POST /f{number}/{number} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n".encode()
    problem = None
    # The health check between the two takes a moment in which what stands behind a good answer arrives; after it the connection is asked for again.
    own = b"GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n"
    last = own.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    try:
        got = Answers(port, request + own + request + last, [])
        statuses = [status for status, _ in got.list]
        if wanted == "cut":
            if not got.cut:
                problem = f"a clean end: {got.list}"
        elif statuses != [wanted, 200, wanted, 200]:
            problem = f"{statuses} instead of {[wanted, 200, wanted, 200]}"
        if any(body == b"smuggled" for _, body in got.list):
            problem = "the hidden answer was taken for one"
    except (ValueError, OSError) as error:
        problem = None if wanted == "cut" and "is no answer" not in str(error) else str(error)
    if problem:
        failures.append(f"answer: {name}: {problem}")


# --- all together --------------------------------------------------------------------------------------------------------------------------------

names = [case.name for case in cases]
twice = [name for name, count in collections.Counter(names).items() if count > 1]
if twice:
    sys.exit(f"cases of one name: {twice}")
recorder, faulty = Recorder(), Faulty()
port, admin = free_port(), free_port()
processes = []
parties = {"rec": recorder.listener.port}
with tempfile.TemporaryDirectory(prefix="gravity-framing-") as folder:
    try:
        if nginx_program:
            parties["nginx"] = free_port()
            pathlib.Path(folder, "nginx.conf").write_text(NGINX % {"folder": folder, "port": parties["nginx"]})
            processes.append(subprocess.Popen([nginx_program, "-c", f"{folder}/nginx.conf", "-p", folder], stderr=subprocess.DEVNULL))
        if node_program:
            parties["node"] = free_port()
            processes.append(subprocess.Popen([node_program, "-e", NODE % parties["node"]]))
        parties["common"] = admin
        routes = [{"name": name, "prefixes": [f"/{name}"], "upstreams": [f"127.0.0.1:{there}"], "auth": "public"} for name, there in parties.items()]
        routes += [{"name": f"f{number}", "prefixes": [f"/f{number}"], "upstreams": [f"127.0.0.1:{faulty.listener.port}"], "auth": "public"} for number in range(len(answers))]
        pathlib.Path(folder, "routes.json").write_text(json.dumps({"routes": routes}))
        environment = {"PORT": str(port), "ADMIN_PORT": str(admin), "GATEWAY_ROUTES_FILE": f"{folder}/routes.json", "GATEWAY_RATE_PER_SECOND": "0", "LOG_LEVEL": "error", "DEREGISTER_DELAY_SECONDS": "0"}
        gateway = subprocess.Popen([GATEWAY], env=environment)
        processes.append(gateway)
        for name, there in [*parties.items(), ("gateway", port)]:
            wait_for_port(there, name)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for number, case in enumerate(cases):
                for name, there in parties.items():
                    pool.submit(check, f"gateway before {name}", case, number, f"/{name}", port, tells=name != "common")
                pool.submit(check, "gateway, byte by byte", case, number, "/rec", port, drip=True)
        # Sent to the others without a gateway: who takes the request must see the same one. (A server may refuse what the gateway puts right.)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for number, case in enumerate(cases):
                for name, there in parties.items():
                    if name != "rec" and not case.refused and not case.proxy:
                        pool.submit(check, f"{name} alone", case, number, f"/{name}", there, gateway=False, tells=name != "common")
        # A server of `common` refuses for itself what the gateway refuses, but for the rules of proxies.
        for number, case in enumerate(cases):
            if case.refused and not case.proxy:
                try:
                    got = [status for status, _ in Answers(admin, case.data.replace(b"$P", f"/common/{number}".encode()) + b"GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                                                           [method for method, _, _ in case.served]).list]
                    if len(got) > len(case.served) + 1:  # it may answer before it has seen what is wrong with a body, but takes nothing after it
                        failures.append(f"common alone: {case.name}: answered {got} though it is to be refused with {case.refused}")
                except (ValueError, OSError) as error:
                    failures.append(f"common alone: {case.name}: {error}")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: check_answer(number, port), range(len(answers))))
        gateway.terminate()
        if gateway.wait(PATIENCE) != 0:
            failures.append(f"the gateway ended with {gateway.returncode}")
    finally:
        for process in processes:
            process.kill()
            process.wait()

# Every connection has ended: what the upstream saw is complete.
recorder.listener.close()
faulty.listener.close()
failures += [f"h11 at the upstream: {error}" for error in recorder.errors]
failures += [f"a hidden request reached the upstream: {target}" for target in recorder.begun if "smuggled" in target]
failures += [f"a connection was used again after a broken answer: {what}" for what in faulty.reused]
for number, case in enumerate(cases):
    for target, seen in recorder.fields.items():
        if target.startswith(f"/rec/{number}/") and not target.endswith("/end"):
            failures += [f"gateway: {case.name}: {name} went on" for name in case.hidden_fields if name in seen]
    if case.refused and not case.served:
        failures += [f"gateway: {case.name}: {target} followed the refusal" for target in recorder.begun if target == f"/rec/{number}/end"]
for failure in failures:
    print(failure)
left_out = [name for name in ("nginx", "node") if name not in parties]
print(f"{len(cases)} requests before {', '.join(parties)}{' (not installed: ' + ', '.join(left_out) + ')' if left_out else ''}, {len(answers)} answers: {len(failures)} failures")
sys.exit(1 if failures else 0)
