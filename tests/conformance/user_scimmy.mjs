// What scimmy makes of user's answers. Run by user_scimmy.py, which says where everything is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

const need = createRequire(`${process.env.GRAVITY_NODE_MODULES}/`);
const scimmy = need("scimmy");
const { Messages, Schemas, Types } = scimmy.default ?? scimmy;

const base = `${process.env.GRAVITY_USER_URL}/scim/v2`;
const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const mark = `scimmy${Date.now()}`;
const made = [];

async function ask(method, path, body) {
  const headers = { Authorization: `Bearer ${process.env.GRAVITY_TOKEN}`, "Content-Type": "application/scim+json" };
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
}
async function make(endpoint, resource) {
  const { status, body } = await ask("POST", endpoint, resource);
  assert.equal(status, 201, JSON.stringify(body));
  made.push(`${endpoint}/${body.id}`);
  return body;
}
function person(name, more) {
  return make("/Users", {
    schemas: [Schemas.User.id, enterprise],
    userName: `${mark}-${name}`,
    name: { givenName: "Ada", familyName: "Lovelace" },
    emails: [{ value: `${name}@example.com`, type: "work", primary: true }, { value: `${name}@example.org`, type: "home" }],
    title: "Dr",
    [enterprise]: { department: "Engines" },
    ...more,
  });
}
// Without what a server says of itself, and without `primary` where it is false: to scimmy that is the same as nothing.
function told(resource) {
  const plain = JSON.parse(JSON.stringify(resource));
  for (const name of ["id", "meta", "schemas"]) delete plain[name];
  for (const email of plain.emails ?? []) if (email.primary === false) delete email.primary;
  return plain;
}

before(() => Schemas.User.definition.extend(Schemas.EnterpriseUser.definition));
after(async () => {
  for (const path of made) await ask("DELETE", path);
});

describe("scimmy", () => {
  it("takes users and groups for what its schemas have", async () => {
    const ada = await person("shape", { locale: "de-AT", timezone: "Europe/Vienna", addresses: [{ type: "work", country: "AT" }] });
    const group = await make("/Groups", { schemas: [Schemas.Group.id], displayName: mark, members: [{ value: ada.id }] });
    const again = (await ask("GET", `/Users/${ada.id}`)).body;
    for (const [resource, definition] of [[ada, Schemas.User.definition], [again, Schemas.User.definition], [group, Schemas.Group.definition]]) {
      const taken = definition.coerce(structuredClone(resource), "out", base);
      assert.deepEqual(Object.keys(resource).filter((name) => !(name in taken)), [], "what its schema does not have");
    }
    assert.equal(again.groups[0].value, group.id);
  });

  it("chooses whom our filters choose", async () => {
    await person("f1", { title: undefined, userType: "Intern" });
    await person("f2", { name: { familyName: "O'Malley" }, externalId: `${mark}-2` });
    await person("f3", { emails: [{ value: "x@example.net", type: "home" }], active: false });
    const own = `userName sw "${mark}-f"`;
    const all = (await ask("GET", `/Users?filter=${encodeURIComponent(own)}`)).body.Resources;
    assert.equal(all.length, 3);
    const filters = ["title pr", "not (title pr)", 'name.familyName co "O\'Mal"', 'emails[type eq "work" and value co "@example.com"]', "externalId pr",
      'userType eq "Intern" or active eq false', 'meta.lastModified gt "2020-01-01T00:00:00Z" and (title pr or userType pr)'];
    for (const filter of filters) {
      const wanted = new Types.Filter(filter).match(all).map((one) => one.id);
      const got = (await ask("GET", `/Users?filter=${encodeURIComponent(`(${filter}) and ${own}`)}`)).body.Resources.map((one) => one.id);
      assert.deepEqual(got.sort(), wanted.sort(), filter);
      assert.notEqual(wanted.length, 0, `${filter} chooses nobody`);
    }
  });

  it("patches as we do", async () => {
    const patches = [
      [{ op: "replace", path: "title", value: "Prof" }],
      [{ op: "add", value: { nickName: "Countess" } }],
      [{ op: "remove", path: "title" }],
      [{ op: "remove", path: 'emails[type eq "home"]' }],
      [{ op: "replace", path: 'emails[type eq "home"].value', value: "other@example.org" }],
      [{ op: "add", path: "emails", value: [{ value: "third@example.org", type: "other" }] }],
      [{ op: "replace", path: "emails", value: [{ value: "only@example.org" }] }],
      [{ op: "replace", path: "name.givenName", value: "Augusta" }, { op: "remove", path: "name.familyName" }],
      [{ op: "replace", path: `${enterprise}:department`, value: "Poetry" }],
    ];
    for (const [number, Operations] of patches.entries()) {
      const before = await person(`p${number}`);
      const message = { schemas: [Messages.PatchOp.id], Operations };
      const wanted = await new Messages.PatchOp(structuredClone(message)).apply(new Schemas.User(structuredClone(before), "out", base), (changed) => changed);
      const { status, body } = await ask("PATCH", `/Users/${before.id}`, message);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(told(body), told(wanted), JSON.stringify(Operations));
    }
  });

  it("knows our refusals", async () => {
    await person("twice");
    const refusals = [
      [["GET", "/Users/nobody"], 404, undefined],
      [["GET", "/Users?filter=nonsense"], 400, "invalidFilter"],
      [["POST", "/Users", { schemas: [Schemas.User.id], userName: `${mark}-TWICE` }], 409, "uniqueness"],
    ];
    for (const [request, status, scimType] of refusals) {
      const { body } = await ask(...request);
      const error = new Messages.ErrorResponse({ status: body.status, scimType: body.scimType, detail: body.detail });
      assert.deepEqual([Number(error.status), error.scimType], [status, scimType]);
    }
  });
});
