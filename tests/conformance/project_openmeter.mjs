// What an application on Node.js reports and asks, by OpenMeter's own SDK and by that of CloudEvents. Run by project_openmeter.py, which says where everything is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";

const need = createRequire(`${process.env.GRAVITY_NODE_MODULES}/`);
const { OpenMeter } = need("@openmeter/sdk");
const { CloudEvent, HTTP } = need("cloudevents");

const url = process.env.GRAVITY_PROJECT_URL;
const openmeter = new OpenMeter({ baseUrl: `${url}/openmeter`, apiKey: process.env.GRAVITY_TOKEN });
const value = async (slug, query) => (await openmeter.meters.query(slug, query)).data.map((row) => row.value);

describe("OpenMeter's SDK", () => {
  it("reports usage, one event and many, each once", async () => {
    await openmeter.events.ingest({ type: "prompt", subject: "customer-1", id: "one", data: { tokens: 5, model: "a" } });
    const again = { type: "prompt", subject: "customer-1", id: "two", data: { tokens: "0.5", model: "b" } };
    await openmeter.events.ingest([again, again, { type: "prompt", subject: "customer-2", data: { tokens: 10, model: "a" } }]);
    await openmeter.events.ingest(again);
    assert.deepEqual(await value("tokens"), [15.5]);
    assert.deepEqual(await value("calls"), [3]);
    assert.deepEqual(await value("largest"), [10]);
    assert.deepEqual(await value("models"), [2]);
  });
  it("lists and reads meters", async () => {
    const meters = await openmeter.meters.list();
    assert.deepEqual(meters.map((meter) => [meter.slug, meter.aggregation]), [["calls", "COUNT"], ["largest", "MAX"], ["models", "UNIQUE_COUNT"], ["tokens", "SUM"]]);
    const tokens = await openmeter.meters.get("tokens");
    assert.equal(tokens.valueProperty, "$.tokens");
    assert.ok(tokens.createdAt instanceof Date);
    assert.equal((await openmeter.meters.get(tokens.id)).slug, "tokens");
  });
  it("splits by subject and group, and cuts by windows", async () => {
    const split = await openmeter.meters.query("tokens", { groupBy: ["subject", "model"] });
    assert.deepEqual(split.data.map((row) => [row.subject, row.groupBy.model, row.value]), [["customer-1", "a", 5], ["customer-1", "b", 0.5], ["customer-2", "a", 10]]);
    assert.deepEqual(await value("tokens", { subject: ["customer-2"] }), [10]);
    assert.deepEqual(await value("tokens", { filterGroupBy: { model: "a" } }), [15]);
    assert.deepEqual(await value("tokens", { filterGroupBy: { model: "a" }, groupBy: ["subject"], subject: ["customer-1"] }), [5]);
    assert.deepEqual(await value("models", { filterGroupBy: { model: "b" } }), [1]);
    await assert.rejects(value("tokens", { filterGroupBy: { team: "x" } }), (error) => error.status === 400 && error.client === "OpenMeter");
    const daily = await openmeter.meters.query("tokens", { windowSize: "DAY", windowTimeZone: "Asia/Kathmandu" });
    assert.equal(daily.windowSize, "DAY");
    assert.equal(daily.data.reduce((sum, row) => sum + row.value, 0), 15.5);
    assert.ok(daily.data[0].windowEnd - daily.data[0].windowStart <= 24 * 3600 * 1000);
    const from = new Date(Math.floor(Date.now() / 900000) * 900000 + 900000);
    assert.deepEqual(await value("tokens", { from }), []);
  });
  it("is told what is wrong", async () => {
    await assert.rejects(openmeter.meters.get("none"), (error) => error.status === 404 && error.client === "OpenMeter");
    await assert.rejects(openmeter.events.ingest({ type: "prompt", subject: "x", data: { tokens: "NaN" } }), (error) => error.status === 422);
    await assert.rejects(openmeter.events.ingest({ type: "", subject: "x", data: {} }), (error) => error.status === 400);
    await assert.rejects(new OpenMeter({ baseUrl: `${url}/openmeter`, apiKey: "no" }).meters.list(), (error) => error.status === 401);
  });
});

describe("the CloudEvents SDK", () => {
  const event = (id, tokens) => new CloudEvent({ id, type: "prompt", source: "/emitter", subject: "customer 3 (100%)", data: { tokens, model: "c" } });
  const send = async (message) => {
    const answer = await fetch(`${url}/openmeter/api/v1/events`, { method: "POST", headers: { ...message.headers, Authorization: `Bearer ${process.env.GRAVITY_TOKEN}` }, body: message.body });
    return answer.status;
  };
  it("emits in structured and in binary mode, and both are the same event", async () => {
    assert.equal(await send(HTTP.structured(event("s-1", 100))), 204);
    assert.equal(await send(HTTP.binary(event("s-1", 100))), 204);
    assert.equal(await send(HTTP.binary(event("b-1", 7))), 204);
    assert.equal(await send(HTTP.binary(event("b-1", 7))), 204);
    const rows = (await openmeter.meters.query("tokens", { groupBy: ["model"] })).data;
    assert.equal(rows.find((row) => row.groupBy.model === "c").value, 107);
  });
});
