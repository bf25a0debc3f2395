// What an application does at an OpenID provider, by the npm client `openid-client`: it signs people in, learns who they are, refreshes, gives back, signs out; with
// tokens that are a bearer's, and with such that are bound to its key. Run by auth_openid_client.py, which says where everything is.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";

const oidc = await import(pathToFileURL(`${process.env.GRAVITY_NODE_MODULES}/node_modules/openid-client/build/index.js`));
const issuer = new URL(process.env.GRAVITY_ISSUER), subject = process.env.GRAVITY_SUBJECT;
const home = "https://app.example.com/cb", farewell = "https://app.example.com/bye";
const insecure = { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] }; // it is on this machine; and signatures of ID tokens are looked at

async function post(url, body, headers = {}) {
  const answer = await fetch(new URL(url, issuer), { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${url}: ${answer.status}`);
  return answer.json();
}
// The person goes through all pages that the address leads to.
const visit = (url, browser = "", more = {}) => post(process.env.GRAVITY_VISITS, { url: String(url), home, browser, ...more });

const registered = (more = {}) => post("/api/v1/clients", {
  name: "App", scopes: [], grant_types: ["authorization_code", "refresh_token"], redirect_uris: [home], post_logout_redirect_uris: [farewell], ...more,
}, { Authorization: `Bearer ${process.env.GRAVITY_TOKEN}` });

const known = (client, auth) => oidc.discovery(issuer, client.id, client.client_secret, auth, insecure);
const application = async (more) => known(await registered(more));
const publicApplication = async (more) => known(await registered({ token_endpoint_auth_method: "none", ...more }), oidc.None());
const handle = async (config) => oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());

// A request for a code, and what is held against the answer.
async function asked(parameters = {}) {
  const checks = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true };
  const request = {
    redirect_uri: home, scope: "openid email profile", state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: "S256", ...parameters,
  };
  if (parameters.max_age !== undefined) checks.maxAge = Number(parameters.max_age);
  return { checks, request };
}
async function signedIn(config, { parameters, browser, options } = {}) {
  const { checks, request } = await asked(parameters);
  const { location } = await visit(oidc.buildAuthorizationUrl(config, request), browser);
  return oidc.authorizationCodeGrant(config, new URL(location), checks, undefined, options);
}
const rejected = { code: "OAUTH_INVALID_RESPONSE" }; // by the client itself
const refused = (call, code) => assert.rejects(call, (error) => {
  assert.equal(error.error ?? error.cause?.error, code, `${error} ${JSON.stringify(error.cause)}`);
  return true;
});

describe("the provider", () => {
  it("is found by its address alone, either way", async () => {
    for (const algorithm of ["oidc", "oauth2"]) {
      const config = await oidc.discovery(issuer, "x", undefined, undefined, { algorithm, execute: [oidc.allowInsecureRequests] });
      const metadata = config.serverMetadata();
      assert.ok(metadata.supportsPKCE());
      for (const endpoint of ["authorization", "token", "userinfo", "end_session", "introspection", "revocation"])
        assert.ok(metadata[`${endpoint}_endpoint`].startsWith(issuer.href), endpoint);
    }
  });
});

describe("signing in", () => {
  let config;
  before(async () => { config = await application(); });

  it("gives an ID token that holds, and tells who it is", async () => {
    const tokens = await signedIn(config, { parameters: { max_age: "3600" } });
    const claims = tokens.claims();
    assert.equal(claims.sub, subject);
    assert.deepEqual([claims.amr, claims.acr], [["pwd"], "urn:gravity:acr:1"]);
    assert.ok(Date.now() / 1000 - claims.auth_time < 60);
    assert.deepEqual([tokens.token_type, tokens.scope], ["bearer", "openid profile email"]);
    const told = await oidc.fetchUserInfo(config, tokens.access_token, subject);
    assert.deepEqual([told.email, told.email_verified, told.preferred_username], ["ada@example.com", false, "ada"]);
    await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, "somebody else"));
  });
  it("is for applications of every kind", async () => {
    const secret = await registered();
    for (const auth of [oidc.ClientSecretBasic(secret.client_secret), oidc.ClientSecretPost(secret.client_secret)])
      assert.equal((await signedIn(await known(secret, auth))).claims().sub, subject);
    assert.equal((await signedIn(await publicApplication())).claims().sub, subject);
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const keys = await registered({ token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [{ kty, crv, x, y, kid: "mine", alg: "ES256", use: "sig" }] } });
    assert.equal((await signedIn(await known(keys, oidc.PrivateKeyJwt({ key: pair.privateKey, kid: "mine" })))).claims().sub, subject);
  });
  it("is refused to who did not ask", async () => {
    const { checks, request } = await asked();
    const back = async () => new URL((await visit(oidc.buildAuthorizationUrl(config, request))).location);
    const first = await back();
    await assert.rejects(oidc.authorizationCodeGrant(config, first, { ...checks, expectedState: "another" }), rejected);
    const elsewhere = new URL(first);
    elsewhere.searchParams.set("iss", "https://evil.example");
    await assert.rejects(oidc.authorizationCodeGrant(config, elsewhere, checks), rejected);
    await refused(oidc.authorizationCodeGrant(config, first, { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }), "invalid_grant");
    await refused(oidc.authorizationCodeGrant(config, first, checks), "invalid_grant"); // it was tried
    await assert.rejects(oidc.authorizationCodeGrant(config, await back(), { ...checks, expectedNonce: "another" }), { code: "OAUTH_JWT_CLAIM_COMPARISON_FAILED" });
  });
  it("tells the application why not", async () => {
    const error = async (parameters, more) => {
      const { checks, request } = await asked(parameters);
      const { location } = await visit(oidc.buildAuthorizationUrl(config, request), "nobody", more);
      await refused(oidc.authorizationCodeGrant(config, new URL(location), checks), parameters.expected);
    };
    await error({ prompt: "none", expected: "login_required" });
    await error({ code_challenge_method: "plain", expected: "invalid_request" });
    await error({ acr_values: "urn:gravity:acr:2", expected: "unmet_authentication_requirements" }); // of somebody who has but a password
    const stranger = await application();
    const { checks, request } = await asked({ prompt: "consent" });
    const { location } = await visit(oidc.buildAuthorizationUrl(stranger, request), "", { decision: "deny" });
    await refused(oidc.authorizationCodeGrant(stranger, new URL(location), checks), "access_denied");
  });
  it("is asked for again where a sign-in is too old", async () => {
    const first = await signedIn(config, { browser: "old" });
    await new Promise((done) => setTimeout(done, 1100));
    const again = await signedIn(config, { browser: "old", parameters: { max_age: "0" } });
    assert.ok(again.claims().auth_time > first.claims().auth_time);
    assert.notEqual(again.claims().sid, first.claims().sid);
  });
});

describe("tokens", () => {
  it("are refreshed, and a lost answer costs nothing", async () => {
    const config = await application();
    const first = await signedIn(config);
    const second = await oidc.refreshTokenGrant(config, first.refresh_token);
    assert.equal(second.claims().sub, subject);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal((await oidc.refreshTokenGrant(config, first.refresh_token)).refresh_token, second.refresh_token);
    const narrow = await oidc.refreshTokenGrant(config, second.refresh_token, { scope: "openid" });
    assert.equal(narrow.scope, "openid");
    await refused(oidc.refreshTokenGrant(config, narrow.refresh_token, { scope: "openid phone" }), "invalid_scope");
  });
  it("are told of, and given back", async () => {
    const config = await application();
    const tokens = await signedIn(config);
    const told = await oidc.tokenIntrospection(config, tokens.access_token);
    assert.deepEqual([told.active, told.sub, told.client_id, told.scope.split(" ").sort()], [true, subject, config.clientMetadata().client_id, ["email", "openid", "profile"]]);
    await oidc.tokenRevocation(config, tokens.access_token);
    assert.deepEqual(await oidc.tokenIntrospection(config, tokens.access_token), { active: false });
    await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, subject), (error) => {
      assert.deepEqual([error.status, error.cause[0].scheme, error.cause[0].parameters.error], [401, "bearer", "invalid_token"]);
      return true;
    });
    await oidc.tokenRevocation(config, tokens.refresh_token, { token_type_hint: "refresh_token" });
    await refused(oidc.refreshTokenGrant(config, tokens.refresh_token), "invalid_grant");
  });
});

describe("tokens that are bound to a key", () => {
  for (const [kind, make] of [["an application", application], ["one that keeps no secret", publicApplication]])
    it(`serve ${kind}`, async () => {
      const config = await make({ require_dpop: true });
      await refused(signedIn(config), "invalid_dpop_proof");
      const DPoP = await handle(config);
      const tokens = await signedIn(config, { options: { DPoP } });
      assert.equal(tokens.token_type, "dpop");
      assert.equal((await oidc.fetchUserInfo(config, tokens.access_token, subject, { DPoP })).email, "ada@example.com");
      await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, subject), (error) => error.status === 401);
      const stolen = await handle(config);
      await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, subject, { DPoP: stolen }), (error) => {
        assert.ok(error.cause.some(({ scheme, parameters }) => scheme === "dpop" && parameters.error === "invalid_dpop_proof"), JSON.stringify(error.cause));
        return true;
      });
      const next = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
      assert.deepEqual([next.token_type, next.claims().sub], ["dpop", subject]);
      if (make === publicApplication) await refused(oidc.refreshTokenGrant(config, next.refresh_token, undefined, { DPoP: stolen }), "invalid_grant");
    });
});

describe("a request that is sent ahead", () => {
  it("is one that no browser can change", async () => {
    const config = await application();
    const { checks, request } = await asked();
    const url = await oidc.buildAuthorizationUrlWithPAR(config, request);
    assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    const { location } = await visit(url);
    assert.equal((await oidc.authorizationCodeGrant(config, new URL(location), checks)).claims().sub, subject);
    assert.equal((await visit(url)).status, 400); // once
    await refused(oidc.buildAuthorizationUrlWithPAR(config, { ...request, redirect_uri: "https://evil.example/" }), "invalid_request");
  });
  it("binds the code to the application's key", async () => {
    const config = await publicApplication();
    const DPoP = await handle(config);
    const code = async () => {
      const { checks, request } = await asked();
      const { location } = await visit(await oidc.buildAuthorizationUrlWithPAR(config, request, { DPoP }));
      return [config, new URL(location), checks, undefined];
    };
    assert.equal((await oidc.authorizationCodeGrant(...await code(), { DPoP })).token_type, "dpop");
    await refused(oidc.authorizationCodeGrant(...await code(), { DPoP: await handle(config) }), "invalid_grant");
    await refused(oidc.authorizationCodeGrant(...await code()), "invalid_grant");
  });
});

describe("a device", () => {
  const device = () => publicApplication({ grant_types: ["device_code", "refresh_token"], redirect_uris: [] });
  it("is signed in by who types its code", async () => {
    const config = await device();
    const begun = await oidc.initiateDeviceAuthorization(config, { scope: "openid email offline_access" });
    await visit(begun.verification_uri_complete);
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, { ...begun, interval: 1 });
    assert.equal(tokens.claims().sub, subject);
    assert.equal((await oidc.fetchUserInfo(config, tokens.access_token, subject)).email, "ada@example.com");
    assert.equal((await oidc.refreshTokenGrant(config, tokens.refresh_token)).claims().sub, subject);
  });
  it("is told if they refuse", async () => {
    const config = await device();
    const begun = await oidc.initiateDeviceAuthorization(config, { scope: "openid" });
    await visit(begun.verification_uri_complete, "", { decision: "deny" });
    await refused(oidc.pollDeviceAuthorizationGrant(config, { ...begun, interval: 1 }), "access_denied");
  });
  it("has tokens that are bound to its key", async () => {
    const config = await device();
    const DPoP = await handle(config);
    const begun = await oidc.initiateDeviceAuthorization(config, { scope: "openid offline_access" });
    await visit(begun.verification_uri_complete);
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, { ...begun, interval: 1 }, undefined, { DPoP });
    assert.equal(tokens.token_type, "dpop");
    assert.equal((await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })).token_type, "dpop");
  });
});

describe("signing out", () => {
  it("ends the session and leads back", async () => {
    const config = await application();
    const tokens = await signedIn(config, { browser: "leaving" });
    const url = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: farewell, state: "so long" });
    assert.equal((await visit(url, "leaving", { home: farewell })).location, `${farewell}?state=so%20long`);
    await refused(signedIn(config, { browser: "leaving", parameters: { prompt: "none" } }), "login_required");
    await refused(oidc.refreshTokenGrant(config, tokens.refresh_token), "invalid_grant");
  });
});
