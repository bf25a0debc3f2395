// What an application on Node.js asks of config's feature flags, by OpenFeature's own SDK and OFREP provider. Run by config_ofrep.py, which says where everything is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { before, describe, it } from "node:test";

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
