#pragma once

#include "browser_fixture.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <cstdint>
#include <string>

namespace gravity::issuer {

/// The text between two others; "" if they are not there.
inline std::string text_between(const std::string& text, const std::string& before, const std::string& behind) {
    const auto at = text.find(before);
    if (at == std::string::npos) return {};
    const auto begin = at + before.size();
    return text.substr(begin, text.find(behind, begin) - begin);
}

inline std::string big_endian(std::uint64_t number, int bytes) {
    std::string out;
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
    return out;
}

/// The head of an item of CBOR and what is behind it, in the shortest form.
inline std::string cbor_item(int major, std::uint64_t number, const std::string& rest = {}) {
    const auto first = [&](std::uint64_t low) { return std::string(1, static_cast<char>(major << 5 | static_cast<int>(low))); };
    if (number < 24) return first(number) + rest;
    if (number <= 0xff) return first(24) + big_endian(number, 1) + rest;
    if (number <= 0xffff) return first(25) + big_endian(number, 2) + rest;
    if (number <= 0xffff'ffff) return first(26) + big_endian(number, 4) + rest;
    return first(27) + big_endian(number, 8) + rest;
}
inline std::string cbor_bytes(const std::string& bytes) { return cbor_item(2, bytes.size(), bytes); }
inline std::string cbor_text(const std::string& text) { return cbor_item(3, text.size(), text); }
inline std::string cbor_integer(std::int64_t number) {
    return number >= 0 ? cbor_item(0, static_cast<std::uint64_t>(number)) : cbor_item(1, static_cast<std::uint64_t>(-1 - number));
}

/// A public key as an authenticator gives it.
inline std::string cose_of(const auth::PublicKey& key) {
    const Json jwk = Json::parse(key.jwk()).or_throw();
    const auto member = [&](const char* name) { return cbor_bytes(base64url_decode(jwk.find(name)->as_string()).value()); };
    switch (key.algorithm()) {
    case auth::Algorithm::es256:
        return cbor_item(5, 5) + cbor_integer(1) + cbor_integer(2) + cbor_integer(3) + cbor_integer(-7) + cbor_integer(-1) + cbor_integer(1) +
               cbor_integer(-2) + member("x") + cbor_integer(-3) + member("y");
    case auth::Algorithm::eddsa:
        return cbor_item(5, 4) + cbor_integer(1) + cbor_integer(1) + cbor_integer(3) + cbor_integer(-8) + cbor_integer(-1) + cbor_integer(6) +
               cbor_integer(-2) + member("x");
    case auth::Algorithm::rs256: break;
    }
    return cbor_item(5, 4) + cbor_integer(1) + cbor_integer(3) + cbor_integer(3) + cbor_integer(-257) + cbor_integer(-1) + member("n") + cbor_integer(-2) +
           member("e");
}

/// An ECDSA signature in DER (RFC 3279 section 2.2.3), of r || s.
inline std::string der_of(const std::string& pair) {
    const auto integer = [](std::string number) {
        number.erase(0, std::min(number.find_first_not_of('\0'), number.size() - 1));
        if ((number.front() & 0x80) != 0) number.insert(0, 1, '\0');
        return "\x02" + std::string(1, static_cast<char>(number.size())) + number;
    };
    const std::string both = integer(pair.substr(0, 32)) + integer(pair.substr(32));
    return "\x30" + std::string(1, static_cast<char>(both.size())) + both;
}

/// An authenticator with one passkey, and the browser around it. It says what it is told to say.
class SoftPasskey {
public:
    explicit SoftPasskey(auth::Algorithm algorithm = auth::Algorithm::es256) : key(auth::Signer::generate(algorithm)) {}

    auth::Signer key;
    std::string id = random_bytes(24), handle; // the handle is what it was made for
    std::string origin = "http://localhost:8081", rp_id = "localhost";
    std::uint32_t count = 0;
    bool present = true, verified = true, eligible = false, backed_up = false;
    bool tells_handle = true;
    Json more_client_data = Json::object(); // beside and instead of what belongs there

    std::string client_data(const std::string& type, const Json& options) const {
        Json data = Json::object({{"type", type}, {"challenge", options.find("challenge")->as_string()}, {"origin", origin}, {"crossOrigin", false}});
        return merge_patch(std::move(data), more_client_data).dump();
    }
    std::string data(bool with_key) const {
        const int flags = (present ? 1 : 0) | (verified ? 4 : 0) | (eligible ? 8 : 0) | (backed_up ? 16 : 0) | (with_key ? 64 : 0);
        std::string bytes = sha256(rp_id) + static_cast<char>(flags) + big_endian(count, 4);
        if (with_key) bytes += std::string(16, '\0') + big_endian(id.size(), 2) + id + cose_of(key.public_key());
        return bytes;
    }
    std::string signature(const std::string& text) const {
        const std::string made = key.sign(text);
        return key.algorithm() == auth::Algorithm::es256 ? der_of(made) : made;
    }
    /// RegistrationResponseJSON.
    std::string made(const Json& options) {
        handle = base64url_decode(options.find("user")->find("id")->as_string()).value();
        const std::string object = cbor_item(5, 3) + cbor_text("fmt") + cbor_text("none") + cbor_text("attStmt") + cbor_item(5, 0) + cbor_text("authData") +
                                   cbor_bytes(data(true));
        return response(Json::object({{"clientDataJSON", base64url_encode(client_data("webauthn.create", options))},
                                      {"attestationObject", base64url_encode(object)},
                                      {"transports", Json::array({"internal", "hybrid"})}}));
    }
    /// AuthenticationResponseJSON.
    std::string used(const Json& options) const {
        const std::string client = client_data("webauthn.get", options), bytes = data(false);
        Json inner = Json::object({{"clientDataJSON", base64url_encode(client)},
                                   {"authenticatorData", base64url_encode(bytes)},
                                   {"signature", base64url_encode(signature(bytes + sha256(client)))}});
        if (tells_handle) inner["userHandle"] = base64url_encode(handle);
        return response(std::move(inner));
    }

private:
    std::string response(Json inner) const {
        return Json::object({{"id", base64url_encode(id)}, {"rawId", base64url_encode(id)}, {"type", "public-key"}, {"response", std::move(inner)}}).dump();
    }
};

/// People with passkeys, at an issuer that browsers would have them for.
class PasskeyApi : public SignInApi {
protected:
    explicit PasskeyApi(app::Texts settings = {{"AUTH_PUBLIC_URL", "http://localhost:8081"}}) : SignInApi(std::move(settings)) {}

    /// What the page would have the browser do.
    static Json options_of(const testkit::Answer& page) {
        std::string text = text_between(page.body(), "data-options=\"", "\"");
        const std::vector<std::pair<std::string, std::string>> escapes{{"&quot;", "\""}, {"&#39;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}};
        for (const auto& [escape, character] : escapes)
            for (auto at = text.find(escape); at != std::string::npos; at = text.find(escape, at + 1)) text.replace(at, escape.size(), character);
        const auto options = Json::parse(text);
        EXPECT_TRUE(options) << page.status() << " " << page.body();
        return options ? *options : Json::object({{"challenge", ""}});
    }
    testkit::Answer act(Browser& by, const std::string& what, const std::string& form = {}) {
        const std::string proof = text_between(by.get("/account/security").body(), "name=\"proof\" value=\"", "\"");
        return by.post("/account/security/" + what, "proof=" + proof + form);
    }
    static std::string by_password(const std::string& password = good_password) { return "&password=" + http::percent_encode(password); }
    testkit::Answer add(Browser& by, const std::string& response, const std::string& name = "Laptop") {
        return act(by, "passkeys/add", "&name=" + http::percent_encode(name) + "&credential=" + http::percent_encode(response));
    }
    /// What the page answers; `proof` is what proves who they are.
    testkit::Answer enrol(Browser& by, SoftPasskey& passkey, const std::string& proof = by_password(), const std::string& name = "Laptop") {
        const auto begun = act(by, "passkeys", proof);
        EXPECT_EQ(begun.status(), 200) << begun.body();
        return add(by, passkey.made(options_of(begun)), name);
    }
    testkit::Answer sign_in(Browser& by, const std::string& flow, const std::string& response) {
        return by.post("/login/passkey", "flow=" + flow + "&credential=" + http::percent_encode(response));
    }
    /// What proves to later forms of the page who they are, by a passkey.
    testkit::Answer prove(Browser& by, const SoftPasskey& passkey) {
        return act(by, "passkey", "&credential=" + http::percent_encode(passkey.used(options_of(by.get("/account/security/passkey")))));
    }
    static std::string proof_in(const testkit::Answer& page) { return "&proven=" + text_between(page.body(), "name=\"proven\" value=\"", "\""); }
    /// By the passkey alone.
    testkit::Answer sign_in(Browser& by, const testkit::Answer& client, const SoftPasskey& passkey, const std::string& more = {}) {
        const std::string flow = flow_of(by.get(request(client, more)));
        return sign_in(by, flow, passkey.used(options_of(by.get("/login/passkey?flow=" + flow))));
    }
    bool signs_in(const testkit::Answer& client, const SoftPasskey& passkey) {
        Browser by(service.port());
        const auto back = sign_in(by, client, passkey);
        EXPECT_TRUE(back.status() == 303 || back.status() == 400) << back.status() << " " << back.body();
        return back.location().starts_with(callback + "?code=");
    }
    static std::vector<std::string> codes_in(const testkit::Answer& page) {
        std::vector<std::string> codes;
        std::string rest = page.body();
        for (auto at = rest.find("<li><code>"); at != std::string::npos; at = rest.find("<li><code>")) {
            rest = rest.substr(at + 10);
            codes.push_back(rest.substr(0, rest.find('<')));
        }
        return codes;
    }
};

} // namespace gravity::issuer
