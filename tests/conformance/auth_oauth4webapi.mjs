// What a machine does at an authorization server, by the npm client `oauth4webapi`: it registers, gets tokens bound to its key with and without a nonce of the
// server's, has them verified as a resource server does, hands them on by exchange. Run by auth_oauth4webapi.py, which says where everything is.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";

const oauth = await import(pathToFileURL(`${process.env.GRAVITY_NODE_MODULES}/node_modules/oauth4webapi/build/index.js`));
const insecure = { [oauth.allowInsecureRequests]: true }; // it is on this machine
const issuer = new URL(process.env.GRAVITY_ISSUER), token = process.env.GRAVITY_TOKEN, nonces = process.env.GRAVITY_NONCES === "true";
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange", accessToken = "urn:ietf:params:oauth:token-type:access_token";

let server;
before(async () => {
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }));
});

async function register(metadata) {
  const response = await oauth.dynamicClientRegistrationRequest(server, metadata, { initialAccessToken: token, ...insecure });
  return oauth.processDynamicClientRegistrationResponse(response);
}
const machine = (more = {}) => register({ client_name: "Machine", grant_types: ["client_credentials", exchange], scope: "products:write orders:read", ...more });
const secret = (client) => oauth.ClientSecretBasic(client.client_secret);

async function own(client, proof, scope = "products:read", auth = secret(client)) {
  const ask = () => oauth.clientCredentialsGrantRequest(server, client, auth, { scope }, { DPoP: proof, ...insecure });
  return retried(proof, async () => oauth.processClientCredentialsResponse(server, client, await ask()));
}
async function exchanged(client, subject, proof, more = {}) {
  const ask = () => oauth.genericTokenEndpointRequest(server, client, secret(client), exchange, { subject_token: subject, subject_token_type: accessToken, ...more },
    { DPoP: proof, ...insecure });
  return retried(proof, async () => oauth.processGenericTokenEndpointResponse(server, client, await ask()));
}
// A client learns of a nonce by the first answer, and sends it from then on.
async function retried(proof, ask) {
  try {
    return await ask();
  } catch (error) {
    if (!proof || !oauth.isDPoPNonceError(error)) throw error;
    assert.ok(nonces, "a nonce was asked for");
    return ask();
  }
}
const refused = (call, code) => assert.rejects(call, (error) => {
  assert.equal(error.error, code, `${error} ${JSON.stringify(error.cause)}`);
  return true;
});
const keys = (client, alg = "ES256") => oauth.generateKeyPair(alg).then((pair) => oauth.DPoP(client, pair));

// As a resource server verifies it: by the published keys, with the proof that came along.
async function verified(client, tokens, proof) {
  let request;
  const url = new URL("http://resource.example.com/products");
  const catching = { [oauth.customFetch]: async (at, options) => { request = new Request(at, options); return new Response("{}"); } };
  await oauth.protectedResourceRequest(tokens.access_token, "GET", url, undefined, undefined, { DPoP: proof, ...catching, ...insecure });
  return oauth.validateJwtAccessToken(server, request, "gravity", { requireDPoP: Boolean(proof), signingAlgorithms: ["ES256"], ...insecure });
}

describe("registration", () => {
  it("makes clients that get tokens", async () => {
    const client = await machine();
    assert.equal(client.client_secret_expires_at, 0);
    assert.equal(client.token_endpoint_auth_method, "client_secret_basic");
    const tokens = await own(client);
    assert.equal(tokens.token_type, "bearer");
    assert.equal((await verified(client, tokens)).client_id, client.client_id);
  });
  it("makes clients of keys", async () => {
    const pair = await oauth.generateKeyPair("ES256", { extractable: true });
    const jwk = { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid: "mine", alg: "ES256", use: "sig" };
    delete jwk.key_ops;
    delete jwk.ext;
    const client = await machine({ token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [jwk] } });
    assert.equal(client.client_secret, undefined);
    const auth = oauth.PrivateKeyJwt({ key: pair.privateKey, kid: "mine" });
    assert.equal((await own(client, undefined, "orders:read", auth)).scope, "orders:read");
    const proof = await keys(client);
    assert.equal((await own(client, proof, "orders:read", auth)).token_type, "dpop");
  });
  it("takes keys as they are exported: without a name, by the names of RFC 9864, beside one for encryption", async () => {
    const others = await crypto.subtle.generateKey({ name: "RSA-OAEP", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, true, ["encrypt", "decrypt"]);
    const encryption = await crypto.subtle.exportKey("jwk", others.publicKey);
    for (const alg of ["ES256", "Ed25519"]) {
      assert.ok(server.token_endpoint_auth_signing_alg_values_supported.includes(alg));
      const pair = await oauth.generateKeyPair(alg, { extractable: true });
      const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
      assert.equal(jwk.kid, undefined);
      const client = await machine({ token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: alg, jwks: { keys: [encryption, jwk] } });
      assert.equal((await own(client, undefined, "orders:read", oauth.PrivateKeyJwt(pair.privateKey))).scope, "orders:read");
      assert.equal((await own(client, undefined, "orders:read", oauth.PrivateKeyJwt({ key: pair.privateKey, kid: "named" }))).scope, "orders:read");
    }
  });
  it("makes clients that people sign in at, by nothing but a redirect", async () => {
    const client = await register({ redirect_uris: ["https://client.example.com/cb"] });
    assert.deepEqual([client.grant_types, client.response_types], [["authorization_code"], ["code"]]);
    assert.equal(client.token_endpoint_auth_method, "client_secret_basic");
    const app = await register({ redirect_uris: ["http://127.0.0.1/cb"], token_endpoint_auth_method: "none", application_type: "native",
      grant_types: ["authorization_code", "refresh_token"], scope: "openid offline_access", id_token_signed_response_alg: "ES256" });
    assert.deepEqual([app.client_secret, app.application_type, app.id_token_signed_response_alg], [undefined, "native", "ES256"]);
  });
  it("refuses what it cannot keep", async () => {
    await refused(machine({ grant_types: ["authorization_code"] }), "invalid_redirect_uri");
    await refused(machine({ redirect_uris: ["http://client.example.com/cb"] }), "invalid_redirect_uri");
    await refused(machine({ response_types: ["code"] }), "invalid_client_metadata");
    await refused(machine({ software_statement: "e30.e30." }), "unapproved_software_statement");
    await refused(machine({ scope: "payments:admin" }), "invalid_client_metadata");
  });
});

describe("tokens bound by DPoP", () => {
  it("pass where their proof does", async () => {
    assert.ok(server.dpop_signing_alg_values_supported.includes("ES256"));
    const client = await machine();
    const proof = await keys(client);
    const tokens = await own(client, proof);
    assert.equal(tokens.token_type, "dpop");
    const claims = await verified(client, tokens, proof);
    assert.equal(claims.cnf.jkt, await proof.calculateThumbprint());
    const told = await oauth.processIntrospectionResponse(server, client,
      await oauth.introspectionRequest(server, client, secret(client), tokens.access_token, insecure));
    assert.deepEqual([told.active, told.token_type, told.cnf.jkt], [true, "DPoP", claims.cnf.jkt]);
    assert.equal((await own(client, await keys(client, "Ed25519"))).token_type, "dpop");
  });
  it("open a resource of the server's own", async () => {
    const client = await machine({ scope: "clients:read" });
    const proof = await keys(client);
    const tokens = await own(client, proof, "clients:read");
    const url = new URL(`/api/v1/clients/${client.client_id}`, issuer);
    const answer = await oauth.protectedResourceRequest(tokens.access_token, "GET", url, undefined, undefined, { DPoP: proof, ...insecure });
    assert.equal((await answer.json()).id, client.client_id);
    await assert.rejects(oauth.protectedResourceRequest(tokens.access_token, "GET", url, undefined, undefined, insecure), (error) => {
      assert.deepEqual([error.status, error.cause[0].scheme, error.cause[0].parameters.error], [401, "dpop", "invalid_token"]);
      return true;
    });
  });
  it("are all that some clients get", async () => {
    const client = await machine({ dpop_bound_access_tokens: true });
    await refused(own(client), "invalid_dpop_proof");
    assert.equal((await own(client, await keys(client))).token_type, "dpop");
  });
});

describe("exchange", () => {
  it("narrows a client's own token", async () => {
    const client = await machine();
    const wide = await own(client, undefined, "products:write orders:read");
    const narrow = await exchanged(client, wide.access_token, undefined, { scope: "products:read" });
    assert.deepEqual([narrow.scope, narrow.issued_token_type], ["products:read", accessToken]);
    await refused(exchanged(client, narrow.access_token, undefined, { scope: "products:write" }), "invalid_scope");
    await refused(exchanged(client, wide.access_token, undefined, { audience: "elsewhere" }), "invalid_target");
  });
  it("hands another's bound token on, bound to the one who gets it", async () => {
    const web = await machine(), shop = await machine();
    const webs = await keys(web), shops = await keys(shop);
    const subject = await own(web, webs, "products:write");
    await refused(exchanged(shop, subject.access_token, shops), "unauthorized_client");
    const policy = await fetch(new URL("/api/v1/exchange-policies", issuer), {
      method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ client_id: shop.client_id, subject_client_id: web.client_id, scopes: ["products:read"] }),
    });
    assert.equal(policy.status, 201, await policy.text());
    await refused(exchanged(shop, subject.access_token), "invalid_dpop_proof");
    const tokens = await exchanged(shop, subject.access_token, shops);
    assert.deepEqual([tokens.token_type, tokens.scope], ["dpop", "products:read"]);
    const claims = await verified(shop, tokens, shops);
    assert.deepEqual([claims.sub, claims.client_id, claims.act.sub], [web.client_id, shop.client_id, shop.client_id]);
    assert.equal(claims.cnf.jkt, await shops.calculateThumbprint());
  });
});
