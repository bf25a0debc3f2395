// What the npm client `consul` is used for, by its own words: each part of it against a daemon that was started as `consul agent`, as the client's acceptance
// tests start one, and what those ask of it. Run by discovery_node_consul.py, which says where everything is.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import http from "node:http";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

const Consul = createRequire(`${process.env.GRAVITY_NODE_MODULES}/`)("consul");
const port = Number(process.env.GRAVITY_CONSUL_PORT), guardedPort = Number(process.env.GRAVITY_GUARDED_PORT);
// With a token though there are no access rules: it counts for nothing then.
const client = new Consul({ host: "127.0.0.1", port, defaults: { token: "root" } });

const unique = (what) => `${what}-${randomUUID()}`;
const has = (object, ...names) => names.forEach((name) => assert.ok(Object.hasOwn(object, name), `no ${name} in ${JSON.stringify(object)}`));
const lacks = (object, name) => assert.ok(!Object.hasOwn(object, name), `${name} in ${JSON.stringify(object)}`);
const refused = (call, status, text) => assert.rejects(call, (error) => {
  assert.equal(error.statusCode, status, error.message);
  if (text) assert.match(String(error.response?.body ?? error.message), text);
  return true;
});
const unacceptable = (call, message) => assert.rejects(call, { message: `consul: ${message}`, isValidation: true });

// Waits for a condition; the run's own limit ends a wait for what never comes.
async function until(condition) {
  while (!(await condition())) await new Promise((go) => setTimeout(go, 20));
}

// Everything that a test registers at the agent goes after it; of what has gone already the daemon says 404.
async function clear() {
  for (const id of Object.keys(await client.agent.services())) await client.agent.service.deregister(id);
  for (const id of Object.keys(await client.agent.checks())) await client.agent.check.deregister(id);
}

describe("agent", () => {
  afterEach(clear);

  it("is the only member", async () => {
    const members = await client.agent.members();
    assert.deepEqual(members.map((one) => [one.Name, one.Addr, one.Status]), [["node1", "127.0.0.1", 1]]);
  });

  it("tells about itself", async () => {
    for (const options of [undefined, {}]) {
      const self = await client.agent.self(options);
      assert.deepEqual([self.Config.Server, self.Config.Datacenter, self.Config.NodeName], [true, "dc1", "node1"]);
      assert.deepEqual([self.Member.Name, self.Member.Addr], ["node1", "127.0.0.1"]);
    }
  });

  it("goes into maintenance and comes back", async () => {
    lacks(await client.agent.checks(), "_node_maintenance");
    await client.agent.maintenance(true);
    assert.equal((await client.agent.checks())._node_maintenance.Status, "critical");
    await client.agent.maintenance({ enable: false });
    lacks(await client.agent.checks(), "_node_maintenance");
    await client.agent.maintenance({ enable: true, reason: "disk & fan" });
    assert.equal((await client.agent.checks())._node_maintenance.Notes, "disk & fan");
    await client.agent.maintenance(false);
    await unacceptable(client.agent.maintenance({ enable: "false" }), "agent.maintenance: enable required");
  });

  it("reads its configuration anew", () => client.agent.reload());

  it("has nobody to remove", async () => {
    await refused(client.agent.forceLeave("nobody"), 404);
    await unacceptable(client.agent.forceLeave({}), "agent.forceLeave: node required");
    await unacceptable(client.agent.join({}), "agent.join: address required");
  });
});

describe("checks of the agent", () => {
  let name;
  const status = async () => (await client.agent.checks())[name].Status;
  beforeEach(async () => {
    name = unique("check");
    lacks(await client.agent.checks(), name);
    await client.agent.check.register({ name, ttl: "10s" });
  });
  afterEach(clear);

  it("are listed", async () => has(await client.agent.check.list(), name));

  it("go when they are deregistered", async () => {
    await client.agent.check.deregister(name);
    lacks(await client.agent.checks(), name);
    await refused(client.agent.check.deregister(name), 404);
  });

  it("say what their owner says", async () => {
    assert.equal(await status(), "critical");
    await client.agent.check.pass(name);
    assert.equal(await status(), "passing");
    await client.agent.check.warn({ id: name, note: "slow & late" });
    assert.equal(await status(), "warning");
    assert.equal((await client.agent.checks())[name].Output, "slow & late");
    await client.agent.check.fail(name);
    assert.equal(await status(), "critical");
  });

  it("may be of every kind", async () => {
    const interval = "1s";
    const kinds = [
      { http: `http://127.0.0.1:${port}/v1/status/leader`, method: "GET", header: { "X-Foo": ["a", "b"] }, tlsskipverify: true, disableredirects: true },
      { tcp: `127.0.0.1:${port}` }, { udp: "127.0.0.1:9" }, { grpc: "127.0.0.1:9", grpcusetls: false }, { h2ping: "127.0.0.1:9", h2pingusetls: false },
      { args: ["true"], timeout: "1s" }, { aliasnode: "node1" },
    ];
    for (const kind of kinds) {
      const id = unique("kind");
      await client.agent.check.register({ name: id, interval, notes: Object.keys(kind)[0], status: "warning", failuresbeforecritical: 2, ...kind });
      const made = (await client.agent.checks())[id];
      assert.equal(made.Notes, Object.keys(kind)[0]);
      if (kind.http || kind.tcp || kind.args) await until(async () => (await client.agent.checks())[id].Status === "passing");
    }
  });
});

describe("services of the agent", () => {
  let name;
  beforeEach(async () => {
    name = unique("service");
    lacks(await client.agent.services(), name);
    await client.agent.service.register(name);
  });
  afterEach(clear);

  it("are listed, and go", async () => {
    has(await client.agent.services(), name);
    await client.agent.service.deregister(name);
    lacks(await client.agent.services(), name);
    await refused(client.agent.service.deregister(name), 404);
  });

  it("have a check by HTTP", async () => {
    await client.agent.service.register({ name, check: { http: `http://127.0.0.1:${port}/v1/status/leader`, interval: "1s", notes: "simple http check" } });
    assert.equal((await client.agent.check.list())[`service:${name}`].Notes, "simple http check");
    await until(async () => (await client.health.service({ service: name, passing: true })).length === 1);
  });

  it("have a check by a program", async () => {
    await client.agent.service.register({ name, check: { args: ["sh", "-c", "echo seen"], interval: "1s", timeout: "1s", notes: "simple script check" } });
    assert.equal((await client.agent.check.list())[`service:${name}`].Notes, "simple script check");
    await until(async () => (await client.agent.checks())[`service:${name}`].Output === "seen\n");
  });

  it("have all that the client can say of them", async () => {
    await client.agent.service.register({
      id: `${name}:1`, name, address: "10.0.0.1", port: 80, tags: ["a", "b"], meta: { v: "1" },
      taggedaddresses: { lan: { address: "10.0.0.2", port: 81 }, wan: { address: "192.0.2.1", port: 82 } },
      checks: [{ ttl: "1m", status: "passing", checkid: `${name}:ttl` }, { aliasservice: name, name: "alias" }],
    });
    const made = (await client.agent.services())[`${name}:1`];
    assert.deepEqual([made.Service, made.Address, made.Port, made.Tags, made.Meta], [name, "10.0.0.1", 80, ["a", "b"], { v: "1" }]);
    assert.deepEqual(made.TaggedAddresses.wan, { Address: "192.0.2.1", Port: 82 });
    assert.deepEqual(Object.values(await client.agent.checks()).filter((one) => one.ServiceID === `${name}:1`).map((one) => one.Status), ["passing", "passing"]);
    assert.deepEqual(Object.keys(await client.agent.services({ filter: 'v in Meta and Meta.v == "1"' })), [`${name}:1`]);
  });

  it("go into maintenance and come back", async () => {
    const check = `_service_maintenance:${name}`;
    lacks(await client.agent.checks(), check);
    await client.agent.service.maintenance({ id: name, enable: true });
    assert.equal((await client.agent.checks())[check].Status, "critical");
    await client.agent.service.maintenance({ id: name, enable: false });
    lacks(await client.agent.checks(), check);
    await unacceptable(client.agent.service.maintenance({ id: name }), "agent.service.maintenance: enable required");
  });
});

describe("catalog", () => {
  const service = unique("service"), tag = unique("tag");
  before(async () => {
    await client.agent.service.register({ name: service, tags: [tag] });
    has(await client.catalog.services(), service);
  });
  after(clear);

  it("has one datacenter", async () => assert.deepEqual(await client.catalog.datacenters(), ["dc1"]));

  it("has the node, whoever asks", async () => {
    for (const nodes of [await client.catalog.node.list(), await client.catalog.nodes("dc1")])
      assert.deepEqual(nodes.map((node) => [node.Node, node.Address]), [["node1", "127.0.0.1"]]);
    await refused(client.catalog.nodes("elsewhere"), 500);
  });

  it("has the services of a node", async () => {
    const { Services } = await client.catalog.node.services("node1");
    assert.deepEqual([Services[service].ID, Services[service].Service, Services[service].Tags], [service, service, [tag]]);
  });

  it("has all services and their tags", async () => assert.deepEqual(await client.catalog.service.list(), { consul: [], [service]: [tag] }));

  it("has the nodes of a service", async () => {
    assert.deepEqual((await client.catalog.service.nodes(service)).map((one) => one.Node), ["node1"]);
    assert.equal((await client.catalog.service.nodes({ service, tag })).length, 1);
    assert.equal((await client.catalog.service.nodes({ service, tag: "other" })).length, 0);
  });

  it("takes nodes from outside, and lets them go", async () => {
    const node = unique("node"), outside = unique("outside");
    await client.catalog.register({
      node, address: "192.0.2.7", nodemeta: { external: "true" },
      service: { service: outside, id: "one", address: "192.0.2.8", port: 443, tags: ["x"], meta: { a: "b" } },
      check: { node, checkid: "ping", name: "ping", status: "passing", serviceid: "one", definition: { tcp: "192.0.2.7:443", intervalduration: "30s" } },
    });
    assert.deepEqual((await client.catalog.service.nodes(outside)).map((one) => [one.Node, one.ServiceAddress, one.ServicePort]), [[node, "192.0.2.8", 443]]);
    assert.equal((await client.catalog.nodes({ "node-meta": "external:true" })).length, 1);
    assert.equal((await client.health.service({ service: outside, passing: true }))[0].Checks[0].CheckID, "ping");
    await client.catalog.deregister({ node, checkid: "ping" });
    assert.deepEqual(await client.health.node(node), []);
    await client.catalog.deregister(node);
    assert.equal((await client.catalog.service.nodes(outside)).length, 0);
  });
});

describe("health", () => {
  const service = unique("service");
  before(async () => {
    await client.agent.service.register({ name: service, check: { ttl: "60s" } });
  });
  after(clear);

  it("has the checks of a node", async () => {
    const [first] = await client.health.node("node1");
    assert.deepEqual([first.Node, first.CheckID, first.Status], ["node1", "serfHealth", "passing"]);
  });

  it("has the checks of a service", async () => {
    assert.deepEqual((await client.health.checks(service)).map((one) => one.CheckID), [`service:${service}`]);
  });

  it("has instances with node and checks", async () => {
    const [one] = await client.health.service(service);
    assert.deepEqual([one.Node.Node, one.Node.Address], ["node1", "127.0.0.1"]);
    assert.deepEqual([one.Service.ID, one.Service.Service, one.Service.Tags], [service, service, []]);
    assert.deepEqual(one.Checks.map((check) => check.CheckID).sort(), ["serfHealth", `service:${service}`]);
    assert.equal((await client.health.service({ service, passing: true })).length, 0);
  });

  it("has the checks in a state", async () => {
    assert.deepEqual((await client.health.state("critical")).map((one) => one.ServiceName), [service]);
    assert.equal((await client.health.state("any")).length, 2);
    await unacceptable(client.health.state("well"), "health.state: state invalid: well");
  });
});

describe("events", () => {
  const payload = JSON.stringify({ hello: "world" });

  it("are fired", async () => {
    const event = await client.event.fire("test");
    has(event, "ID", "Name", "Payload", "NodeFilter", "ServiceFilter", "TagFilter", "Version", "LTime");
    assert.deepEqual([event.Name, event.Payload], ["test", null]);
  });

  it("are listed, with their payload as text or bytes", async () => {
    const name = unique("event");
    const fired = await client.event.fire({ name, payload, service: "web", tag: "a" });
    assert.notEqual((await client.event.list()).length, 0);
    assert.deepEqual((await client.event.list(name)).map((one) => [one.ID, one.Name, one.Payload, one.ServiceFilter]), [[fired.ID, name, payload, "web"]]);
    assert.deepEqual((await client.event.list({ name, buffer: true }))[0].Payload, Buffer.from(payload));
  });
});

describe("keys", () => {
  const key = "hello", value = "world";
  const fields = ["CreateIndex", "Flags", "Key", "LockIndex", "ModifyIndex", "Value"];
  beforeEach(async () => {
    await client.kv.del({ recurse: true });
    assert.equal(await client.kv.set(key, value), true);
  });

  it("are read", async () => {
    const entry = await client.kv.get(key);
    assert.deepEqual(Object.keys(entry).sort(), fields);
    assert.deepEqual([entry.Key, entry.Flags, entry.Value], [key, 0, value]);
    assert.deepEqual(await client.kv.get({ key, raw: true }), Buffer.from(value));
    assert.deepEqual((await client.kv.get({ key, buffer: true })).Value, Buffer.from(value));
    assert.equal(await client.kv.get("none"), undefined);
    for (const consistency of [{ consistent: true }, { stale: true }]) assert.equal((await client.kv.get({ key, ...consistency })).Value, value);
  });

  it("are read all at once", async () => {
    const all = await client.kv.get({ recurse: true });
    assert.deepEqual(all.map((entry) => [entry.Key, entry.Flags, entry.Value]), [[key, 0, value]]);
    assert.deepEqual(Object.keys(all[0]).sort(), fields);
  });

  it("are waited for", async () => {
    const { ModifyIndex } = await client.kv.get(key);
    const waiting = client.kv.get({ key, index: ModifyIndex, wait: "30s" });
    await client.kv.set(key, "new-value");
    assert.equal((await waiting).Value, "new-value");
  });

  it("are listed by name", async () => {
    const keys = ["a/x/1", "a/y/2", "a/z/3"];
    for (const one of keys) await client.kv.set(one, "value");
    assert.deepEqual(await client.kv.keys("a"), keys);
    assert.deepEqual(await client.kv.keys({ key: "a/", separator: "/" }), ["a/x/", "a/y/", "a/z/"]);
    assert.equal((await client.kv.keys()).length, 4);
    await client.kv.del({ key: "a/", recurse: true });
    assert.deepEqual(await client.kv.keys(), [key]);
  });

  it("may have no value", async () => {
    assert.equal(await client.kv.set("one", null), true);
    const entry = await client.kv.get("one");
    assert.deepEqual(Object.keys(entry).sort(), fields);
    assert.equal(entry.Value, null);
  });

  it("are bytes of any kind", async () => {
    for (const one of ["a b", "ключ", "a%2Fb", "a?b&c=d", "x//y"]) {
      assert.equal(await client.kv.set(one, "ä\0ö"), true);
      assert.equal((await client.kv.get(one)).Key, one);
      assert.equal((await client.kv.get(one)).Value, "ä\0ö");
    }
  });

  it("are set only if nobody was faster", async () => {
    assert.ok(!(await client.kv.set({ key, value: "late", cas: "0" }))); // the client makes nothing of a false
    const { ModifyIndex } = await client.kv.get(key);
    assert.equal(await client.kv.set({ key, value: "in time", cas: ModifyIndex, flags: "42" }), true);
    assert.equal((await client.kv.get(key)).Flags, 42);
    assert.ok(!(await client.kv.del({ key, cas: ModifyIndex })));
    assert.equal(await client.kv.del(key), true);
    assert.equal(await client.kv.get(key), undefined);
  });
});

describe("sessions", () => {
  const fields = ["CreateIndex", "ID", "Name", "Node", "NodeChecks", "LockDelay", "Behavior", "TTL"];
  let id;
  beforeEach(async () => {
    id = (await client.session.create()).ID;
  });
  afterEach(() => client.session.destroy(id));

  it("are made and destroyed", async () => {
    const session = await client.session.create({ name: "mine", ttl: "15s", behavior: "delete", lockdelay: "0s", node: "node1" });
    assert.deepEqual(Object.keys(session), ["ID"]);
    await client.session.destroy(session.ID);
    assert.equal(await client.session.get(session.ID), undefined);
  });

  it("tell about themselves", async () => {
    has(await client.session.get(id), ...fields);
    for (const sessions of [await client.session.node("node1"), await client.session.list()]) {
      assert.notEqual(sessions.length, 0);
      sessions.forEach((one) => has(one, ...fields));
    }
    assert.deepEqual(await client.session.node("node"), []);
  });

  it("are renewed", async () => {
    const renewed = await client.session.renew(id);
    assert.equal(renewed.length, 1);
    has(renewed[0], ...fields);
  });

  // What the client's lock was, before its second version left it out.
  it("hold a lock of fifty one after the other", async () => {
    const key = unique("lock"), holding = new Set();
    let most = 0, done = 0;
    await Promise.all(Array.from({ length: 50 }, async () => {
      const session = (await client.session.create({ ttl: "60s", lockdelay: "0s" })).ID;
      while (!(await client.kv.set({ key, value: session, acquire: session }))) {
        const entry = await client.kv.get(key);
        if (entry.Session) await client.kv.get({ key, index: entry.ModifyIndex, wait: "10s" });
      }
      holding.add(session);
      most = Math.max(most, holding.size);
      assert.equal((await client.kv.get(key)).Session, session);
      holding.delete(session);
      assert.equal(await client.kv.set({ key, value: "", release: session }), true);
      await client.session.destroy(session);
      done += 1;
    }));
    assert.deepEqual([most, done], [1, 50]);
  });
});

describe("status", () => {
  it("names the leader and the peers", async () => {
    assert.equal(await client.status.leader(), "127.0.0.1:8300");
    assert.deepEqual(await client.status.peers(), ["127.0.0.1:8300"]);
  });
});

describe("transactions", () => {
  const set = (key, value) => ({ KV: { Verb: "set", Key: key, Value: Buffer.from(value).toString("base64") } });

  it("set several keys at once", async () => {
    const { Results } = await client.transaction.create([set("key1", "value1"), set("key2", "value2")]);
    assert.equal(Results.length, 2);
    for (const { KV } of Results) has(KV, "CreateIndex", "ModifyIndex", "LockIndex", "Key", "Flags");
    assert.equal((await client.kv.get("key1")).Value, "value1");
    assert.equal((await client.kv.get("key2")).Value, "value2");
  });

  it("are all or nothing", async () => {
    await client.kv.del({ recurse: true });
    await refused(client.transaction.create([set("key1", "value1"), { KV: { Verb: "check-index", Key: "key1", Index: 1 } }]), 409);
    assert.deepEqual(await client.kv.get({ recurse: true }), undefined);
  });
});

describe("prepared queries", () => {
  after(clear);

  it("are made, read, changed, explained, executed and deleted", async () => {
    const service = unique("service"), name = unique("query");
    await client.agent.service.register({ name: service, tags: ["a"], port: 7 });
    const { ID } = await client.query.create({ name, service: { service, onlypassing: true, tags: ["a"] }, dns: { ttl: "10s" } });
    assert.equal((await client.query.get(ID)).DNS.TTL, "10s");
    assert.ok((await client.query.list()).some((one) => one.ID === ID));
    for (const by of [ID, name]) assert.deepEqual((await client.query.execute(by)).Nodes.map((one) => one.Service.Port), [7]);
    await client.query.update({ query: ID, name, service: { service, tags: ["other"] } });
    assert.deepEqual((await client.query.execute(ID)).Nodes, []);
    await client.query.update({ query: ID, name: "prefix-", template: { type: "name_prefix_match" }, service: { service: "${name.suffix}" } });
    await client.query.explain(`prefix-${service}`); // the client looks for a list in the answer, and makes nothing of it
    assert.equal((await client.query.execute(`prefix-${service}`)).Nodes.length, 1);
    await client.query.destroy(ID);
    await refused(client.query.get(ID), 404);
  });
});

describe("watch", () => {
  it("tells each change of a key, and ends when it is told to", async () => {
    await client.kv.del({ recurse: true });
    const changes = [], times = [], errors = [];
    const watch = client.watch({ method: client.kv.get, options: { key: "test", wait: "1s" } });
    watch.on("error", (error) => errors.push(error));
    const change = () => new Promise((go) => watch.once("change", (data) => go([changes.push(data && data.Value), times.push(watch.updateTime())])));
    await change();
    for (const value of ["1", "2", "3", null]) {
      const seen = change();
      await (value ? client.kv.set("test", value) : client.kv.del("test"));
      await seen;
    }
    assert.deepEqual(changes, [undefined, "1", "2", "3", undefined]);
    assert.deepEqual(errors, []);
    assert.ok(times.every((time, i) => i === 0 || time >= times[i - 1]));
    assert.ok(watch.isRunning());
    watch.end();
    assert.ok(!watch.isRunning());
    watch._run();
    assert.ok(!watch.isRunning());
  });

  it("tells who comes, falls ill and goes", async () => {
    const service = unique("service");
    const watch = client.watch({ method: client.health.service, options: { service, passing: true } });
    const seen = () => new Promise((go) => watch.once("change", (list) => go(list.map((one) => one.Service.ID))));
    assert.deepEqual(await seen(), []);
    for (const [act, wanted] of [
      [() => client.agent.service.register({ name: service, id: `${service}1`, check: { ttl: "1m", status: "passing" } }), [`${service}1`]],
      [() => client.agent.service.register({ name: service, id: `${service}2`, port: 2 }), [`${service}1`, `${service}2`]],
      [() => client.agent.check.fail(`service:${service}1`), [`${service}2`]],
      [() => client.agent.service.deregister(`${service}2`), []],
    ]) {
      const next = seen();
      await act();
      assert.deepEqual(await next, wanted);
    }
    watch.end();
    await clear();
  });

  it("ends at once when the daemon finds its question wrong", async () => {
    const errors = [];
    const watch = client.watch({ method: client.kv.get, options: { key: "k", wait: "1y" } });
    watch.on("error", (error, answer) => errors.push(answer.statusCode));
    await new Promise((go) => watch.once("end", go));
    assert.deepEqual(errors, [400]);
  });
});

describe("access rules", () => {
  const guarded = (token) => new Consul({ host: "127.0.0.1", port: guardedPort, defaults: { token } });
  let root;

  it("are bootstrapped once", async () => {
    root = (await guarded("").acl.bootstrap()).SecretID;
    await refused(guarded("").acl.bootstrap(), 403);
    assert.equal((await guarded(root).acl.replication()).Enabled, false);
  });

  it("count for every call", async () => {
    await refused(guarded("").kv.set("k", "v"), 403);
    assert.deepEqual(await guarded("").catalog.services(), {});
    await refused(guarded(randomUUID()).catalog.services(), 403);
    assert.equal(await guarded(root).kv.set("k", "v"), true);
    assert.deepEqual(await guarded(root).catalog.services(), { consul: [] });
  });
});

// Connections that are kept open would keep the program.
after(() => {
  client.destroy();
  http.globalAgent.destroy();
});
