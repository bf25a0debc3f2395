"""The deciding parts of the launcher: pure functions, no process, no store."""

import json
import shutil
import subprocess
import tempfile
import threading
import unittest
import unittest.mock
from pathlib import Path

from support import PLATFORM, ROOT, manifest

from gravity import checks, derive_secrets, drift, httpget, junit, logfiles, machine, output, packages, paths, processes, readiness, remedies, scaffold, selection, sign_in, supervisor, testing, tokens
from gravity import manifest as manifests
from gravity.errors import Failure
from gravity.generate import documents, environment, text
from gravity.paths import Instance


def services(*raw: dict) -> dict[str, manifests.Service]:
    return {item["name"]: manifests.parse(item, paths.ROOT / "services" / item["name"]) for item in raw}


class CrossChecks(unittest.TestCase):
    def errors(self, *raw, planned=()):
        return checks.cross_errors(services(*raw), set(planned))

    def test_a_sound_platform_has_none(self):
        self.assertEqual(self.errors(*PLATFORM.values()), [])

    def test_port_given_twice(self):
        self.assertEqual(self.errors(manifest("config", 8090), manifest("media", 8090)), ["port 8090 belongs to config and to media"])

    def test_extra_port_clashes_with_a_main_port(self):
        extra = manifest("one", 8001, ports=[{"name": "admin", "port": 8002, "env": "ADMIN_PORT"}],
                         env=[{"name": "ADMIN_PORT", "type": "integer", "doc": "the port"}])
        self.assertEqual(self.errors(extra, manifest("two", 8002)), ["port 8002 belongs to one and to two"])

    def test_collection_owned_twice(self):
        found = self.errors(manifest("one", 8001), manifest("two", 8002, collections=["ones"]))
        self.assertEqual(found, ["collection ones belongs to one and to two"])

    def test_neighbour_is_misspelled_planned_or_required_but_absent(self):
        self.assertEqual(self.errors(manifest("one", 8001, optional=["oned"])), ["one: neighbour `oned` does not exist; `one`?"])
        self.assertEqual(self.errors(manifest("one", 8001, optional=["audit"]), planned=["audit"]), [])
        self.assertEqual(self.errors(manifest("one", 8001, requires=["audit"]), planned=["audit"]), ["one: requires `audit`, which has no manifest"])

    def test_events(self):
        producer = manifest("order", 8001, events={"publishes": ["gravity.order.order.placed"], "consumes": []})

        def consumer(kind):
            return manifest("cart", 8002, events={"publishes": [], "consumes": [kind]})
        self.assertEqual(self.errors(producer, consumer("gravity.order.order.placed")), [])
        self.assertEqual(self.errors(producer, consumer("gravity.order.order.place")),
                         ["cart: consumes `gravity.order.order.place`, which order does not publish; `gravity.order.order.placed`?"])
        self.assertIn("producer does not exist", self.errors(consumer("gravity.nobody.order.placed"))[0])
        eraser = manifest("order", 8001, events={"publishes": ["gravity.order.erasure.completed"], "consumes": []})
        self.assertEqual(self.errors(eraser, consumer("gravity.*.erasure.completed")), [])
        self.assertEqual(self.errors(eraser, consumer("gravity.*.export.completed")), ["cart: consumes `gravity.*.export.completed`, which no service publishes"])
        self.assertEqual(self.errors(eraser, consumer("gravity.*.usage.recorded"), planned=["meter"]), [])
        self.assertEqual(self.errors(eraser, consumer("gravity.*.usage.recorded")), ["cart: consumes `gravity.*.usage.recorded`, which no service publishes"])
        foreign = manifest("cart", 8002, events={"publishes": ["gravity.order.order.lost"], "consumes": []})
        self.assertIn("another service's name space", self.errors(foreign)[0])

    def test_cycle_is_named_as_a_path(self):
        found = self.errors(manifest("a", 1, requires=["b"]), manifest("b", 2, requires=["c"]), manifest("c", 3, requires=["b"]))
        self.assertEqual(found, ["requires has a cycle: b -> c -> b"])
        self.assertEqual(checks.find_cycle({"a": ("a",)}), ["a", "a"])
        self.assertIsNone(checks.find_cycle({"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}))

    def test_first_call_must_be_its_own(self):
        call = {"method": "POST", "path": "/api/v1/others", "status": 201}
        self.assertEqual(self.errors(manifest("one", 8001, first_call=call)), ["one: first_call /api/v1/others is none of its own paths"])

    def test_extra_port_needs_its_setting(self):
        found = self.errors(manifest("one", 8001, ports=[{"name": "dns", "port": 53, "env": "DNS_PORT"}]))
        self.assertEqual(found, ["one: port `dns` is moved by DNS_PORT, which is not in env"])

    def test_the_real_manifests(self):
        self.assertEqual(checks.everything(), [])


class Schema(unittest.TestCase):
    def problems(self, **changes) -> list[str]:
        import jsonschema
        schema = json.loads((ROOT / "schemas" / "service.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        value = manifest("one", 8001)
        for key, change in changes.items():
            if change is None:
                del value[key]
            else:
                value[key] = change
        return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]

    def test_accepts_a_minimal_manifest(self):
        self.assertEqual(self.problems(), [])

    def test_refuses(self):
        secret = {"name": "KEY", "type": "secret", "default": "x", "doc": "a secret with a default"}
        for changes in ({"port": 70000}, {"port": "8001"}, {"name": "One"}, {"collections": ["snake_case"]}, {"unknown": 1}, {"store": None},
                        {"env": [secret]}, {"env": [{**secret, "type": "string", "required": True}]}, {"profiles": ["core"]},
                        {"events": {"publishes": ["gravity.order.placed"], "consumes": []}}, {"summary": "Ends with a full stop."},
                        {"scale": {"min": 2, "max": 2, "cpu_percent": 70, "singleton": True}}, {"packages": {"build": ["a b"]}},
                        {"env": [{"name": "KIND", "type": "enum", "doc": "an enumeration without values"}]},
                        {"env": [{"name": "KIND", "type": "string", "values": ["a", "b"], "doc": "values of no enumeration"}]},
                        {"first_call": {"method": "POST", "path": "x", "status": 201}}):
            self.assertTrue(self.problems(**changes), changes)


class Selection(unittest.TestCase):
    def setUp(self):
        self.all = {item["name"]: manifests.parse(item, paths.ROOT / folder) for folder, item in PLATFORM.items()}

    def names(self, *named, profile=None, without=()):
        return [service.name for service in selection.choose(self.all, list(named), profile, list(without))]

    def test_default_profile_names(self):
        self.assertEqual(self.names(), list(self.all))
        self.assertEqual(self.names(profile="core"), ["discovery", "gateway", "alpha"])
        self.assertEqual(self.names("beta"), ["discovery", "gateway", "alpha", "beta"])
        self.assertEqual(self.names("gamma", without=["discovery", "gateway"]), ["gamma"])

    def test_refusals(self):
        for call in (lambda: self.names("bta"), lambda: self.names("beta", without=["alpha"]), lambda: self.names("beta", profile="all"),
                     lambda: self.names(without=["nobody"])):
            with self.assertRaises(Failure) as caught:
                call()
            self.assertEqual(caught.exception.code, 2)

    def test_levels(self):
        level = selection.levels(list(self.all.values()))
        self.assertLess(level["discovery"], level["gateway"])
        self.assertLess(level["gateway"], level["alpha"])
        self.assertLess(level["alpha"], level["beta"])
        self.assertEqual(level["gamma"], level["alpha"])


class Readiness(unittest.TestCase):
    ok = httpget.Answer(200, '{"status":"pass","version":"1"}')

    def test_a_process_that_ends_again_and_again_is_no_process_that_is_slow(self):
        slow, ready = readiness.Verdict(False, "nothing listens on port 1"), readiness.Verdict(True)
        self.assertEqual(readiness.with_ends(slow, 0), slow)
        self.assertEqual(readiness.with_ends(ready, 3), ready)
        self.assertEqual(readiness.with_ends(slow, 2).reason, "the process has ended 2 times since it was started; now nothing listens on port 1")
        self.assertEqual(readiness.with_ends(slow, 1).reason, "the process has ended 1 time since it was started; now nothing listens on port 1")
        hopeless = readiness.decide("FATAL", None, None, None)
        self.assertEqual(readiness.with_ends(hopeless, 3), hopeless)

    def test_the_gateway_is_not_asked_for_those_it_waits_for(self):
        found = services(manifest("auth", 8081), manifest("media", 8090))
        prober = readiness.Prober(Instance(Path("/nowhere"), "dev"), with_discovery=False, with_gateway=True)
        for name, asked in (("auth", ["/health/ready"]), ("media", ["/health/ready", f"/api/v1/{found['media'].collections[0]}"])):
            with unittest.mock.patch.object(readiness.httpget, "request", return_value=self.ok) as request:
                self.assertTrue(prober.verdict(found[name], "RUNNING").ready)
            self.assertEqual([call.args[1] for call in request.call_args_list], asked)

    def test_every_condition_counts(self):
        decide = readiness.decide
        self.assertEqual(decide("RUNNING", self.ok, True, httpget.Answer(401)), readiness.Verdict(True, version="1"))
        self.assertTrue(decide("STARTING", self.ok, None, None).ready)
        for verdict in (decide("STOPPED", self.ok, True, None), decide("BACKOFF", self.ok, True, None), decide("RUNNING", None, None, None),
                        decide("RUNNING", httpget.Answer(0, "nothing listens"), None, None), decide("RUNNING", httpget.Answer(503), True, None),
                        decide("RUNNING", self.ok, False, None), *(decide("RUNNING", self.ok, True, httpget.Answer(s)) for s in (0, 404, 502, 503, 504))):
            self.assertFalse(verdict.ready)
            self.assertTrue(verdict.reason)
            self.assertFalse(verdict.hopeless)
        self.assertTrue(decide("FATAL", None, None, None).hopeless)

    def test_reason_is_the_services_own(self):
        checks_document = {"status": "fail", "checks": {"pg": [{"status": "pass"}, {"status": "fail", "output": "refused"}], "redis": {"status": "warn"}}}
        for document, expected in ((checks_document, "pg: refused; redis: warn"), ({"detail": "no store"}, "no store"), ([], "/health/ready answers 503"),
                                   ({"checks": "odd"}, "/health/ready answers 503"), ({"checks": {"a": [None]}, "status": "fail"}, "fail")):
            self.assertEqual(readiness.reason_in(httpget.Answer(503, json.dumps(document))), expected)
        self.assertEqual(readiness.reason_in(httpget.Answer(500, "<html>")), "/health/ready answers 500")

    def test_remedies(self):
        self.assertIn("libicu.so.72", remedies.remedy("x: error while loading shared libraries: libicu.so.72: cannot open"))
        self.assertIsNone(remedies.remedy("all is well"))


class Tokens(unittest.TestCase):
    def test_der_to_raw(self):
        def der(r: bytes, s: bytes) -> bytes:
            body = b"\x02" + bytes([len(r)]) + r + b"\x02" + bytes([len(s)]) + s
            return b"\x30" + bytes([len(body)]) + body
        self.assertEqual(tokens.raw_signature(der(b"\x01", b"\x00\xff")), b"\0" * 31 + b"\x01" + b"\0" * 31 + b"\xff")
        self.assertEqual(len(tokens.raw_signature(der(b"\x00" + b"\xff" * 32, b"\x7f" * 32))), 64)
        good = der(b"\x11" * 32, b"\x22" * 32)
        for bad in (b"", good[:-1], good + b"\0", b"\x31" + good[1:], der(b"\x01" + b"\0" * 32, b"\x01"), good.replace(b"\x02", b"\x03", 1)):
            with self.assertRaises(Failure):
                tokens.raw_signature(bad)

    def test_a_token_verifies_with_the_published_key(self):
        with tempfile.TemporaryDirectory() as folder:
            instance = Instance(Path(folder))
            identity = tokens.Identity(instance)
            with self.assertRaises(Failure):
                identity.token()
            self.assertTrue(identity.ensure())
            self.assertFalse(identity.ensure())
            self.assertEqual(identity.key_file.stat().st_mode & 0o777, 0o600)
            token = identity.token(["a:read", "b:write"], lifetime=60, sub="me")
            header, claims, signature = (part + "=" * (-len(part) % 4) for part in token.split("."))
            import base64
            decoded = json.loads(base64.urlsafe_b64decode(header)), json.loads(base64.urlsafe_b64decode(claims))
            key = json.loads(identity.jwks_file.read_text())["keys"][0]
            self.assertEqual(decoded[0], {"alg": "ES256", "typ": "at+jwt", "kid": key["kid"]})
            self.assertEqual((decoded[1]["scope"], decoded[1]["sub"], decoded[1]["exp"] - decoded[1]["iat"]), ("a:read b:write", "me", 60))
            self.assertRegex(decoded[1]["project"], r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
            raw = base64.urlsafe_b64decode(signature)
            integers = [int.from_bytes(half, "big") for half in (raw[:32], raw[32:])]
            numbers = b"".join(b"\x02" + bytes([n.bit_length() // 8 + 1]) + n.to_bytes(n.bit_length() // 8 + 1, "big") for n in integers)
            (Path(folder) / "sig").write_bytes(b"\x30" + bytes([len(numbers)]) + numbers)
            # The public key is built from the JWK alone, so a wrong x or y cannot pass.
            point = b"".join(base64.urlsafe_b64decode(key[name] + "=") for name in ("x", "y"))
            (Path(folder) / "pub").write_bytes(bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + point)
            checked = subprocess.run(["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", f"{folder}/pub", "-signature", f"{folder}/sig"],
                                     input=token.rsplit(".", 1)[0].encode(), capture_output=True)
            self.assertEqual(checked.stdout.strip(), b"Verified OK", checked.stderr)

    def test_uuid7_carries_the_time(self):
        self.assertTrue(tokens.uuid7(1645557742.0).startswith("017f22e2-79b0-7"))  # RFC 9562 appendix A.6
        self.assertNotEqual(tokens.uuid7(1.0), tokens.uuid7(1.0))


class SigningIn(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.instance = Instance(Path(folder.name))
        self.services = services(manifest("auth", 8081), manifest("shop", 8100))

    def test_auth_is_believed_where_there_is_auth(self):
        sign_in.decide(self.instance, [self.services["shop"]])
        self.assertFalse(sign_in.by_auth(self.instance))
        sign_in.decide(self.instance, list(self.services.values()))
        self.assertTrue(sign_in.by_auth(self.instance))

    def test_only_auth_is_told_who_may_begin(self):
        self.assertTrue(sign_in.ensure(self.instance))
        self.assertFalse(sign_in.ensure(self.instance))
        kept = self.instance.secrets_dir / "first-run.env"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        told = sign_in.environment(self.instance, self.services["auth"])
        self.assertEqual(told["AUTH_BOOTSTRAP_PASSWORD"], sign_in.account(self.instance)["password"])
        self.assertGreaterEqual(len(told["AUTH_BOOTSTRAP_CLIENT_SECRET"]), 32)
        self.assertNotIn("AUTH_JWKS_URL", told)
        others = sign_in.environment(self.instance, self.services["shop"])
        self.assertEqual(others, {"AUTH_JWKS_URL": "http://127.0.0.1:8081/oauth2/jwks", "AUTH_ISSUER": told["AUTH_PUBLIC_URL"], "AUTH_AUDIENCE": "gravity"})

    def test_the_gateway_is_told_of_a_client_that_is_not_the_first(self):
        sign_in.ensure(self.instance)
        found = services(manifest("gateway", 8000), manifest("project", 8080))
        told = sign_in.environment(self.instance, found["gateway"])
        auths = sign_in.environment(self.instance, self.services["auth"])
        self.assertEqual((told["AUTH_CLIENT_ID"], told["AUTH_CLIENT_SECRET"]), (auths["AUTH_BOOTSTRAP_GATEWAY_ID"], auths["AUTH_BOOTSTRAP_GATEWAY_SECRET"]))
        self.assertNotIn(auths["AUTH_BOOTSTRAP_CLIENT_SECRET"], told.values())
        projects = sign_in.environment(self.instance, found["project"])
        self.assertEqual(projects["PROJECT_OPERATOR_PROJECT"], auths["AUTH_BOOTSTRAP_PROJECT"])
        self.assertEqual((projects["AUTH_CLIENT_ID"], projects["AUTH_CLIENT_SECRET"]), (auths["AUTH_BOOTSTRAP_SERVICES_ID"], auths["AUTH_BOOTSTRAP_SERVICES_SECRET"]))
        self.assertEqual(len({auths[f"AUTH_BOOTSTRAP_{one}_ID"] for one in ("CLIENT", "GATEWAY", "SERVICES")}), 3)

    def test_two_platforms_have_nothing_in_common(self):
        with tempfile.TemporaryDirectory() as folder:
            other = Instance(Path(folder))
            sign_in.ensure(self.instance)
            sign_in.ensure(other)
            self.assertNotEqual(sign_in.account(self.instance)["password"], sign_in.account(other)["password"])

    def test_scopes_have_no_lesser_ones_beside_them(self):
        self.assertIn("products:admin", sign_in.scopes())
        self.assertNotIn("products:read", sign_in.scopes())
        self.assertIn("credentials:check", sign_in.scopes())

    def test_a_token_is_asked_for_as_any_client_does(self):
        sign_in.ensure(self.instance)
        said = {"access_token": "a.b.c"}
        with unittest.mock.patch.object(sign_in.httpget, "request", return_value=httpget.Answer(200, json.dumps(said))) as request:
            self.assertEqual(sign_in.token(self.instance, ["products:read"]), "a.b.c")
        self.assertEqual(request.call_args.args[3], b"grant_type=client_credentials&scope=products%3Aread")
        for answer, reason in ((httpget.Answer(0, "nothing listens on port 8081"), "nothing listens"), (httpget.Answer(503, "<html>"), "503"),
                               (httpget.Answer(400, '{"error_description": "more than it may"}'), "more than it may"), (httpget.Answer(200, "[]"), "200")):
            with unittest.mock.patch.object(sign_in.httpget, "request", return_value=answer), self.assertRaises(Failure) as failed:
                sign_in.token(self.instance, None)
            self.assertIn(reason, str(failed.exception))

    def test_without_a_first_run_there_is_nobody(self):
        with self.assertRaises(Failure):
            sign_in.token(self.instance, None)


class Logs(unittest.TestCase):
    def test_lines_of_every_kind(self):
        line = logfiles.parse_line('{"ts":"2026-01-31T08:00:00.5Z","level":"WARNING","msg":"m","trace_id":"ab"}', "s", 1.0)
        self.assertEqual((line.time, line.level, line.text), (1769846400.5, "warn", "m"))
        self.assertEqual(logfiles.parse_line("terminate called", "s", 7.0).time, 7.0)
        self.assertEqual(logfiles.parse_line("2026-01-31 08:00:00.500 UTC [1] LOG:  x", "pg", 0).time, 1769846400.5)
        for odd in ("{", "{}", "[1]", '{"ts":17,"level":null}', "", "9999-99-99 99:99:99.999"):
            self.assertEqual(logfiles.parse_line(odd, "s", 3.0).time, 3.0)

    def test_filters(self):
        low, high, bare = (logfiles.Line(10, "s", "x", level, {"trace_id": "abc"}) for level in ("info", "error", ""))
        self.assertEqual([logfiles.Filter(level="warn").accepts(line) for line in (low, high, bare)], [False, True, True])
        self.assertEqual([logfiles.Filter(trace=t).accepts(low) for t in ("ab", "b")], [True, False])
        self.assertEqual([logfiles.Filter(since=s).accepts(low) for s in (10, 11)], [True, False])
        self.assertEqual(logfiles.parse_since("2m", 1000), 880)
        for bad in ("2 m", "m", "-5s", "yesterday"):
            with self.assertRaises(ValueError):
                logfiles.parse_since(bad, 1000)

    def test_reader_follows_across_rotation_and_partial_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.log"
            path.write_text("one\ntw")
            reader = logfiles.Reader(path, "x")
            self.assertEqual([line.text for line in reader.past()], ["one"])
            with open(path, "a") as file:
                file.write("o\n")
            self.assertEqual([line.text for line in reader.fresh()], ["two"])
            with open(path, "a") as file:
                file.write("three\n")
            path.rename(Path(folder) / "x.log.1")
            path.write_text("four\n")
            self.assertEqual([line.text for line in reader.fresh()], ["three", "four"])
            self.assertEqual(reader.fresh(), [])
            self.assertEqual([line.text for line in logfiles.Reader(path, "x").past()], ["one", "two", "three", "four"])


class Machine(unittest.TestCase):
    def setUp(self):
        self.services = list(services(*PLATFORM.values()).values())

    def test_too_little_memory_suggests_a_profile(self):
        with unittest.mock.patch.object(machine, "available_memory", return_value=1 << 40):
            self.assertIsNone(machine.memory_problem(self.services))
        with unittest.mock.patch.object(machine, "available_memory", return_value=300 << 20):
            problem = machine.memory_problem(self.services)
        self.assertTrue(problem.fatal)
        self.assertIn("0.3 GiB is free", problem.what)
        self.assertIn("--profile core", problem.remedy)

    def test_a_clock_that_is_years_off_is_named(self):
        with unittest.mock.patch.object(machine.time, "gmtime", return_value=unittest.mock.Mock(tm_year=1970)):
            self.assertTrue(any("The clock says 1970" in problem.what and problem.fatal for problem in machine.system_problems()))

    def test_a_range_of_ports_is_one_process_s_until_it_is_given_back(self):
        # Where neither the fleet's tests nor the kernel's outgoing connections take ports.
        first = processes.free_base({8000}, 25000, 31600)
        second = processes.free_base({8000}, 25000, 31600)
        self.assertNotEqual(first, second, "nothing listens there, and yet it is taken")
        processes.give_back(first)
        self.assertEqual(processes.free_base({8000}, 25000, 31600), first)
        processes.give_back(first)
        processes.give_back(second)

    def test_both_loopbacks_are_tried(self):
        import socket
        try:
            server = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 loopback")
        with server:
            def answer():
                connection, _ = server.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            thread = threading.Thread(target=answer)
            thread.start()
            self.assertEqual(httpget.request(server.getsockname()[1], "/").status, 204)
            thread.join()


class Scaffold(unittest.TestCase):
    def setUp(self):
        self.all = {item["name"]: manifests.parse(item, paths.ROOT / folder) for folder, item in PLATFORM.items()}

    def plan(self, name="demo", port=8300, collections=("widgets",), store="postgres"):
        return scaffold.plan(name, port, list(collections), store, self.all, {"http", "pg"})

    def test_names(self):
        for plural, one in (("products", "product"), ("categories", "category"), ("boxes", "box"), ("classes", "class"), ("wishes", "wish"),
                            ("statuses", "status"), ("houses", "house"), ("bus", "bus"), ("news", "news"), ("cms", "cms"), ("media", "media"),
                            ("ties", "tie")):
            self.assertEqual(scaffold.singular(plural), one)
        values = self.plan("gift-cards", collections=("gift-cards", "codes")).values()
        self.assertEqual({key: values[key] for key in ("id", "Service", "noun", "Noun", "nouns", "table", "collections", "publishes", "title")},
                         {"id": "gift_cards", "Service": "GiftCards", "noun": "gift_card", "Noun": "GiftCard", "nouns": "gift_cards",
                          "table": "gift_card", "collections": "gift-cards, codes", "publishes": "gravity.gift_cards.gift_card.created", "title": "Gift Cards"})

    def test_words_of_cxx_sql_and_common_are_kept_clear_of(self):
        orders = self.plan(collections=("orders",)).values()
        self.assertEqual((orders["noun"], orders["table"]), ("order", "orders"))
        pages = self.plan(collections=("pages",)).values()
        self.assertEqual((pages["Noun"], pages["noun"], pages["nouns"]), ("PageRecord", "page_record", "pages"))
        media = self.plan(collections=("media",)).values()
        self.assertNotEqual(media["noun"], media["nouns"])

    def test_every_template_fills_and_its_manifest_holds(self):
        import jsonschema
        import yaml
        schema = json.loads((ROOT / "schemas" / "service.schema.json").read_text())
        for store in scaffold.STORES:
            texts = scaffold.files(self.plan(store=store, collections=("gift-cards", "codes")))
            self.assertFalse([name for name, text in texts.items() if "@" in name + text], "a placeholder is left")
            raw = yaml.safe_load(texts["service.yaml"])
            jsonschema.validate(raw, schema)
            made = {**self.all, "demo": manifests.parse(raw, paths.ROOT / "services" / "demo")}
            self.assertEqual(checks.cross_errors(made, set()), [])
            self.assertEqual({"src/main.cpp", "src/api.cpp", "src/model.hpp", "src/problems.hpp", "src/domain.cpp", "tests/api_test.cpp",
                              "tests/domain_test.cpp", "README.md", "CMakeLists.txt"} - set(texts), set())

    @unittest.skipIf(shutil.which("clang-format-19") is None, "clang-format is not here")
    def test_what_is_made_is_formatted(self):
        for store in scaffold.STORES:
            for service in ("aardvark", "demo"):
                for name, text in scaffold.files(self.plan(service, store=store, collections=("spare-parts",))).items():
                    if name.endswith((".cpp", ".hpp")):
                        formatted = subprocess.run(["clang-format-19", f"--style=file:{ROOT / '.clang-format'}", f"--assume-filename={name}"], input=text,
                                                   capture_output=True, text=True, check=True).stdout
                        self.assertEqual(text, formatted, f"{store}: {name}")
                        self.assertLessEqual(max(map(len, text.splitlines())), 160, f"{store}: {name}")

    def test_refusals_are_one_line(self):
        for changes, said in (({"name": "Demo"}, "no name of a service"), ({"name": "alpha"}, "already"), ({"name": "http"}, "cannot be the name"),
                              ({"name": "new"}, "cannot be the name"), ({"name": "x" * 41}, "at most 40"), ({"port": 8201}, "belongs to alpha"),
                              ({"port": 80}, "between"), ({"port": 15432}, "store"), ({"collections": ["alphas"]}, "belongs to alpha"),
                              ({"collections": ["Widgets"]}, "no name of a collection"), ({"collections": []}, "at least one"),
                              ({"collections": ["a", "a"]}, "twice")):
            with self.assertRaises(Failure) as caught:
                self.plan(**changes)
            self.assertIn(said, caught.exception.message)
            self.assertNotIn("\n", caught.exception.message)
            self.assertEqual(caught.exception.code, 2)


class Drift(unittest.TestCase):
    def test_differences_are_named(self):
        service = services(manifest("one", 8001, env=[{"name": "LIMIT", "type": "integer", "default": 5, "doc": "a limit"}]))["one"]
        reported = [{"name": s.name, "type": s.type, "default": "8001" if s.name == "PORT" else s.default, "required": s.required, "secret": s.secret}
                    for s in manifests.settings_of(service)]
        self.assertEqual(drift.difference(service, reported), [])
        numbers = [{**item, "default": int(item["default"])} if item["name"] == "LIMIT" else item for item in reported]
        self.assertEqual(drift.difference(service, numbers), [], "a number and its text are the same default")
        changed = [{**item, "default": "6"} if item["name"] == "LIMIT" else item for item in reported if item["name"] != "LOG_LEVEL"]
        self.assertEqual(drift.difference(service, changed + [{"name": "EXTRA"}]), [
            "one: LIMIT: default is '5' in the manifest and '6' in the executable",
            "one: LOG_LEVEL is in the manifest, but gravity-one does not know it",
            "one: gravity-one knows EXTRA, which is not in the manifest"])

    def test_roots_of_a_standard_are_the_manifests(self):
        service = services(manifest("one", 8001, prefixes=["/oauth2"]))["one"]
        self.assertEqual(drift.roots_difference(service, {"x-gravity-roots": ["/oauth2"]}), [])
        self.assertEqual(drift.roots_difference(service, {}), ["one: prefixes of its manifest are ['/oauth2'], it registers []"])

    def test_settings_depend_on_the_stores(self):
        with_all = services(PLATFORM["services/beta"])["beta"]
        without = services(PLATFORM["services/gamma"])["gamma"]
        self.assertEqual([s.name for s in manifests.settings_of(with_all)], [s.name for s in manifests.settings_of(without)], "every daemon knows all")
        self.assertEqual([s.name for s in manifests.settings_of(with_all) if s.required], ["DATABASE_URL", "REDIS_URL"])
        self.assertEqual([s.name for s in manifests.settings_of(without) if s.required], [])
        names = set(environment.example(with_all).split()) - set(environment.example(without).split())
        self.assertLessEqual({"DATABASE_URL=", "#MIGRATION_DATABASE_URL=", "#PG_POOL_MAX=8", "#PG_PREPARE=true", "REDIS_URL=", "#EVENTS_URL="}, names)


class Derived(unittest.TestCase):
    def test_readme_table_goes_between_the_markers(self):
        readme = f"a\n{documents.BEGIN}\nold\n{documents.END}\nz\n"
        once = documents.with_table(readme, "| t |\n")
        self.assertEqual(once, f"a\n{documents.BEGIN}\n| t |\n{documents.END}\nz\n")
        self.assertEqual(documents.with_table(once, "| t |\n"), once)
        self.assertEqual(documents.with_table("no markers", "x"), "no markers")
        with self.assertRaises(Failure):
            documents.with_table(f"{documents.END}{documents.BEGIN}", "x")

    def test_yaml_keeps_its_meaning_for_old_readers(self):
        import yaml
        value = {"a": ["8000:8000", "22:22", "on", "no", "1e3", "0755", "true", "x: y", "#", "", "~", "text", "1_000"], "b": {"c": 1, "d": True}, "e": "l1\nl2"}
        self.assertEqual(yaml.safe_load(text.to_yaml(value)), value)
        self.assertIn('"22:22"', text.to_yaml(value))

    def test_example_names_what_must_be_given(self):
        lines = environment.example(services(PLATFORM["services/alpha"])["alpha"]).splitlines()
        self.assertIn("DATABASE_URL=", lines)
        self.assertIn("#PORT=8201", lines)
        self.assertTrue(lines[0].startswith("# generated from"))


class Small(unittest.TestCase):
    def test_supervisor_configuration_survives_odd_paths(self):
        instance = Instance(Path("/tmp/100% ä b/var"))
        text = supervisor.configuration(instance, Path("/tmp/100% ä b/s.sock"), [supervisor.Program("x", ["/bin/sh", "/tmp/100% ä b/p"])])
        self.assertIn("command=/bin/sh '/tmp/100%% ä b/p'", text)
        self.assertIn("file=/tmp/100%% ä b/s.sock", text)

    def test_secrets_are_made_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.env"
            first = derive_secrets.ensure(path, {"A": derive_secrets.password})
            again = derive_secrets.ensure(path, {"A": derive_secrets.password, "B": derive_secrets.master_key})
            self.assertEqual(again["A"], first["A"])
            self.assertEqual(derive_secrets.read_env(path), again)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertEqual(len(first["A"]), 40)

    def test_install_policies_come_and_go_and_foreign_ones_stay(self):
        with tempfile.TemporaryDirectory() as folder:
            policy, cluster = Path(folder) / "policy-rc.d", Path(folder) / "etc" / "gravity.conf"
            with packages.nothing_starts(policy=policy, cluster_policy=cluster):
                self.assertEqual(subprocess.run([str(policy)]).returncode, 101)
            self.assertFalse(policy.exists() or cluster.exists())
            policy.write_text("an administrator's")
            with self.assertRaises(RuntimeError), packages.nothing_starts(policy=policy, cluster_policy=cluster):
                raise RuntimeError("the installation breaks")
            self.assertEqual(policy.read_text(), "an administrator's")

    def test_missing_packages(self):
        self.assertEqual(packages.missing(["dpkg", "no-such-package-here"]), ["no-such-package-here"])
        wanted = packages.wanted([services(manifest("one", 1, packages={"build": ["libicu-dev", "libx-dev"], "run": ["libx1"], "test": ["x-server"]}))["one"]], build=True)
        self.assertEqual(wanted.count("libicu-dev"), 1)
        self.assertLessEqual({"libx-dev", "libx1", "postgresql", "cmake"}, set(wanted))
        self.assertNotIn("cmake", packages.wanted([], build=False))
        self.assertNotIn("x-server", wanted)
        one = services(manifest("one", 1, packages={"test": ["x-server"]}))["one"]
        self.assertIn("x-server", packages.wanted([one], build=True, tests=True))

    def test_long_paths_move_the_sockets(self):
        short, long = Instance(Path("/tmp/x")), Instance(Path("/tmp") / ("x" * 120))
        self.assertEqual(short.socket_dir, short.run_dir)
        self.assertNotEqual(long.socket_dir, long.run_dir)
        self.assertLess(len(str(long.socket_dir / "supervisor.sock")), paths.SOCKET_LIMIT)

    def test_a_failure_is_told_with_the_end_of_what_it_said(self):
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "native.xml"
            report.write_text("""<testsuite name="(empty)"><testcase name="good" status="run"/><testcase name="bad" status="fail"><failure message=""/>
                                 <system-out>one\ntwo\nthree\n</system-out></testcase></testsuite>""")  # as ctest writes it
            suite = junit.Suite("native", junit.read(report).cases)
        self.assertEqual(junit.failures([suite], lines=2), "    native: bad\n        two\n        three")
        self.assertEqual(junit.closing_line([suite]), "1 passed, 1 failed")
        self.assertEqual(junit.telling("a\nx.cpp:1: Failure\nb\nc\nd\ne\nf", 4), ["x.cpp:1: Failure", "b", "...", "e", "f"])
        self.assertEqual(junit.telling("a\nb\nx.cpp:1: Failure\nc", 3), ["b", "x.cpp:1: Failure", "c"])
        self.assertEqual(junit.failures([]), "")

    def test_a_script_that_cannot_be_run_is_not_passed_over(self):
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(paths, "ROOT", Path(folder)):
            scripts = Path(folder) / "tests" / "conformance"
            scripts.mkdir(parents=True)
            (scripts / "auth_one.py").write_text("#!/usr/bin/env python3\n")
            (scripts / "names.py").write_text("# no program\n")
            with self.assertRaisesRegex(Failure, "tests/conformance/auth_one.py cannot be run"):
                testing.script_files("conformance", [])
            (scripts / "auth_one.py").chmod(0o755)
            self.assertEqual([path.name for path in testing.script_files("conformance", ["auth"])], ["auth_one.py"])

    def test_table_ignores_colour_codes(self):
        self.assertEqual(output.table([["\033[32mx\033[0m", "y"]], ["ab", "c"]), "ab  c\n\033[32mx\033[0m   y")


if __name__ == "__main__":
    unittest.main()
