// What an application on Node.js gets from config, by the npm client `cloud-config-client`. Run by config_spring.py, which says where everything is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";

const client = createRequire(`${process.env.GRAVITY_NODE_MODULES}/`)("cloud-config-client");
const endpoint = `${process.env.GRAVITY_CONFIG_URL}/spring`, headers = { Authorization: `Bearer ${process.env.GRAVITY_TOKEN}` };

const load = (options) => client.load({ endpoint, headers, name: "shop", ...options });

describe("cloud-config-client", () => {
  it("merges the sources as they are layered", async () => {
    const config = await load({ profiles: ["dev"] });
    assert.equal(config.get("shop.port"), 9090);
    assert.equal(config.get("shop.shared"), true);
    assert.equal(config.get("shop", "name"), "no");
    assert.deepEqual(config.raw.propertySources.map((source) => source.name), ["shop-dev", "shop", "application"]);
  });
  it("builds the document again", async () => {
    const { shop } = (await load({ profiles: "dev" })).toObject({ merge: false });
    assert.deepEqual(shop.hosts, ["a", "b"]);
    assert.deepEqual(shop.limits, { cpu: 2, memory: 64 });
  });
  it("puts what it knows in the place of references", async () => {
    const config = await load({ profiles: "dev", context: { "shop.port": 1 } });
    assert.equal(config.get("shop.url"), "http://localhost:1/");
  });
  it("finds labels with slashes", async () => {
    const config = await load({ label: "feature/x" });
    assert.equal(config.get("shop.port"), 7);
    assert.equal(config.raw.label, "feature/x");
  });
  it("gets what all share for an application that nobody knows", async () => {
    const config = await load({ name: "nobody", profiles: "dev,eu" });
    assert.deepEqual(config.properties, { "shop.shared": true, "shop.port": 1 });
  });
  it("is told of a label that is not there, and of a wrong key", async () => {
    await assert.rejects(load({ label: "none" }), /Invalid response: 404/);
    await assert.rejects(load({ headers: { Authorization: "Bearer x" } }), /Invalid response: 401/);
  });
  it("has ciphers decrypted if it may see secrets", async () => {
    assert.deepEqual((await load({ name: "vault" })).properties["db.password"], "hunter2");
    const config = await load({ name: "vault", headers: { "X-API-Key": process.env.GRAVITY_KEY } });
    assert.equal(config.get("db.user"), "sa");
    assert.equal(config.get("db.password"), "***");
  });
  it("comes with an access key", async () => {
    const config = await load({ headers: { "X-API-Key": process.env.GRAVITY_KEY }, profiles: "dev" });
    assert.equal(config.get("shop.port"), 9090);
    const basic = await load({ headers: {}, auth: { user: "shop", pass: process.env.GRAVITY_KEY }, profiles: "dev" });
    assert.equal(basic.get("shop.port"), 9090);
  });
});
