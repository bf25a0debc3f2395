// What applications on Node.js and in browsers ask of config's feature flags, by OpenFeature's own SDKs and OFREP providers. Run by config_ofrep.py, which says
// where everything is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

const need = createRequire(`${process.env.GRAVITY_NODE_MODULES}/`);
const { OpenFeature } = need("@openfeature/server-sdk");
const { OFREPProvider } = need("@openfeature/ofrep-provider");

let client;
before(async () => {
  const provider = new OFREPProvider({ baseUrl: process.env.GRAVITY_CONFIG_URL, headers: [["Authorization", `Bearer ${process.env.GRAVITY_TOKEN}`]] });
  await OpenFeature.setProviderAndWait(provider);
  client = OpenFeature.getClient();
});

describe("OpenFeature", () => {
  it("gets values of every type", async () => {
    assert.equal(await client.getBooleanValue("on", false), true);
    assert.equal(await client.getStringValue("colour", "none"), "blue");
    assert.equal(await client.getNumberValue("limit", 0), 1.5);
    assert.deepEqual(await client.getObjectValue("layout", {}), { columns: 3, names: ["a"] });
  });
  it("is told why", async () => {
    const pro = await client.getBooleanDetails("beta", false, { plan: "pro" });
    assert.deepEqual([pro.value, pro.variant, pro.reason], [true, "on", "TARGETING_MATCH"]);
    const free = await client.getBooleanDetails("beta", true, { plan: "free" });
    assert.deepEqual([free.value, free.reason], [false, "DEFAULT"]);
    assert.equal((await client.getBooleanDetails("on", false)).reason, "STATIC");
    assert.equal((await client.getBooleanDetails("ended", true)).reason, "DISABLED");
    assert.equal((await client.getBooleanDetails("half", true, { targetingKey: "user-1" })).reason, "SPLIT");
  });
  it("takes its own default where there is no decision", async () => {
    const none = await client.getBooleanDetails("nothing", true);
    assert.deepEqual([none.value, none.errorCode], [true, "FLAG_NOT_FOUND"]);
    const unnamed = await client.getBooleanDetails("half", true, {});
    assert.deepEqual([unnamed.value, unnamed.errorCode], [true, "TARGETING_KEY_MISSING"]);
    const typed = await client.getStringDetails("on", "x");
    assert.deepEqual([typed.value, typed.errorCode], ["x", "TYPE_MISMATCH"]);
  });
  it("finds the same side each time", async () => {
    for (let user = 0; user < 20; user++) {
      const first = await client.getBooleanValue("half", false, { targetingKey: `user-${user}` });
      assert.equal(await client.getBooleanValue("half", !first, { targetingKey: `user-${user}` }), first);
    }
  });
});

// All flags at once, asked for again with the ETag.
describe("OpenFeature in a browser", () => {
  const { OpenFeature: Web, ProviderEvents } = need("@openfeature/web-sdk");
  const { OFREPWebProvider } = need("@openfeature/ofrep-web-provider");
  const headers = [["Authorization", `Bearer ${process.env.GRAVITY_TOKEN}`]];
  const answers = [];
  const fetchImplementation = async (request) => {
    const answer = await fetch(request);
    answers.push(answer.status);
    return answer;
  };
  const until = async (what, holds) => {
    for (let i = 0; i < 100 && !holds(); i++) await new Promise((done) => setTimeout(done, 100));
    assert.ok(holds(), what);
  };
  const ask = async (method, path, body) => {
    const json = { ...Object.fromEntries(headers), "Content-Type": "application/json" };
    const answer = await fetch(process.env.GRAVITY_CONFIG_URL + path, { method, headers: json, body: body && JSON.stringify(body) });
    assert.equal(answer.status, 200);
    return answer.json();
  };

  before(async () => {
    const kept = new Map();
    globalThis.localStorage ??= { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
    await Web.setContext({ targetingKey: "user-1", plan: "pro" });
    await Web.setProviderAndWait(new OFREPWebProvider({ baseUrl: process.env.GRAVITY_CONFIG_URL, headers, fetchImplementation, pollInterval: 200 }));
  });
  after(() => Web.close());

  it("gets values of every type, and is told why", () => {
    const flags = Web.getClient();
    assert.deepEqual([flags.getBooleanDetails("on", false).value, flags.getBooleanDetails("on", false).reason], [true, "STATIC"]);
    assert.equal(flags.getStringValue("colour", "none"), "blue");
    assert.equal(flags.getNumberValue("limit", 0), 1.5);
    assert.deepEqual(flags.getObjectValue("layout", {}), { columns: 3, names: ["a"] });
    assert.equal(flags.getBooleanDetails("beta", false).reason, "TARGETING_MATCH");
    assert.equal(flags.getBooleanDetails("half", false).reason, "SPLIT");
    assert.equal(flags.getBooleanDetails("nothing", true).errorCode, "FLAG_NOT_FOUND");
  });
  it("asks again for what has changed alone, and hears of it", async () => {
    const changed = [];
    Web.addHandler(ProviderEvents.ConfigurationChanged, (event) => changed.push(...event.flagsChanged));
    await until("what has not changed is 304", () => answers.includes(304));
    assert.equal(answers.filter((status) => status === 200).length, 1);
    const limit = (await ask("GET", "/api/v1/feature-flags")).items.find((flag) => flag.key === "limit");
    await ask("PATCH", `/api/v1/feature-flags/${limit.id}`, { default_variant: "whole" });
    await until("the change is heard of", () => changed.length > 0);
    assert.deepEqual(changed, ["limit"]);
    assert.equal(Web.getClient().getNumberValue("limit", 0), 2);
  });
  it("is told what lacks a targetingKey, and all the others", async () => {
    await Web.setContext({ plan: "free" });
    assert.equal(Web.getClient().getBooleanDetails("half", true).errorCode, "TARGETING_KEY_MISSING");
    assert.equal(Web.getClient().getBooleanDetails("beta", true).reason, "DEFAULT");
  });
});
