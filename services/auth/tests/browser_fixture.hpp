#pragma once

#include "people_fixture.hpp"

#include <gravity/auth/jws.hpp>
#include <gravity/base/crypto.hpp>

#include <map>
#include <string>

namespace gravity::issuer {

/// What a browser does, step by step: it keeps cookies and follows nothing by itself.
class Browser {
public:
    explicit Browser(std::uint16_t port) : client_(port, "") {}

    testkit::Answer get(const std::string& target) { return sent(client_.get(target)); }
    testkit::Answer post(const std::string& target, const std::string& form) {
        auto call = client_.post(target);
        call.raw(form, "application/x-www-form-urlencoded");
        return sent(std::move(call));
    }
    std::map<std::string, std::string> cookies;

private:
    testkit::Answer sent(testkit::Call call) {
        std::string field;
        for (const auto& [name, value] : cookies) field += (field.empty() ? "" : "; ") + name + "=" + value;
        if (!field.empty()) call.header("Cookie", field);
        const auto answer = call.send();
        for (const auto& [name, value] : answer.headers().entries()) {
            if (!http::iequals(name, "Set-Cookie")) continue;
            const auto equals = value.find('=');
            const std::string text = value.substr(equals + 1, value.find(';') - equals - 1);
            if (text.empty())
                cookies.erase(value.substr(0, equals));
            else
                cookies[value.substr(0, equals)] = text;
        }
        return answer;
    }
    testkit::Client client_;
};

/// A parameter of the address that a redirect goes to; "" if it has none of this name.
inline std::string parameter(const testkit::Answer& redirect, const std::string& name) {
    const std::string location = redirect.location();
    const auto query = http::parse_query(location.substr(std::min(location.size(), location.find('?') + 1)));
    if (query)
        for (const auto& found : *query)
            if (found.name == name) return found.value;
    return {};
}

/// People who sign in at clients.
class SignInApi : public PeopleApi {
protected:
    using PeopleApi::PeopleApi;
    const std::string callback = "https://app.example.com/cb", issuer_url = "http://127.0.0.1:8081";
    const std::string verifier = std::string(43, 'v');

    testkit::Answer web_client(Json more = Json::object()) {
        Json body = Json::object({{"name", "A <b>Shop</b>"},
                                  {"scopes", Json::array()},
                                  {"grant_types", Json::array({"authorization_code", "refresh_token"})},
                                  {"redirect_uris", Json::array({callback})},
                                  {"post_logout_redirect_uris", Json::array({"https://app.example.com/bye"})}});
        for (const auto& [name, value] : more.as_object()) body[name] = value;
        return as.owner.post("/api/v1/clients", testkit::Members(std::move(body))).expect(201);
    }
    std::string challenge() const { return base64url_encode(sha256(verifier)); }
    std::string request(const testkit::Answer& client, const std::string& more = {}, const std::string& scope = "openid%20email") const {
        return "/oauth2/authorize?response_type=code&client_id=" + client.text("/id") + "&redirect_uri=" + http::percent_encode(callback) + "&scope=" + scope +
               "&state=s%26t&nonce=n1&code_challenge=" + challenge() + "&code_challenge_method=S256" + more;
    }
    static std::string flow_of(const testkit::Answer& redirect) { return parameter(redirect, "flow"); }
    testkit::Answer type(Browser& browser, const std::string& flow, const std::string& name, const std::string& password) {
        return browser.post("/login", "flow=" + flow + "&login_name=" + http::percent_encode(name) + "&password=" + http::percent_encode(password));
    }
    /// The redirect with a code, after all pages.
    testkit::Answer signed_in(Browser& browser, const testkit::Answer& client, const std::string& more = {}, const std::string& scope = "openid%20email") {
        auto step = browser.get(request(client, more, scope));
        if (step.location().starts_with("/login?")) step = type(browser, flow_of(step), "ada@example.com", good_password);
        if (step.location().starts_with("/login/consent")) step = browser.post("/login/consent", "flow=" + flow_of(step) + "&decision=allow");
        EXPECT_EQ(step.status(), 303) << step.body();
        EXPECT_TRUE(step.location().starts_with(callback + "?code=")) << step.location();
        return step;
    }
    testkit::Answer token_form(const testkit::Answer& client, const std::string& form) {
        return as.anonymous.post("/oauth2/token")
            .raw(form + "&client_id=" + client.text("/id") + "&client_secret=" + client.text("/client_secret"), "application/x-www-form-urlencoded")
            .send();
    }
    testkit::Answer redeem(const testkit::Answer& client, const std::string& code, const std::string& by = {}) {
        return token_form(client, "grant_type=authorization_code&code=" + code + "&redirect_uri=" + http::percent_encode(callback) +
                                      "&code_verifier=" + (by.empty() ? verifier : by));
    }
    testkit::Answer refresh(const testkit::Answer& client, const std::string& token, const std::string& more = {}) {
        return token_form(client, "grant_type=refresh_token&refresh_token=" + token + more);
    }
    bool active(const testkit::Answer& client, const std::string& token) {
        const std::string form = "token=" + token + "&client_id=" + client.text("/id") + "&client_secret=" + client.text("/client_secret");
        return as.anonymous.post("/oauth2/introspect").raw(form, "application/x-www-form-urlencoded").send().at("/active") == Json(true);
    }
    testkit::Answer userinfo(const std::string& token) { return as.anonymous.get("/oauth2/userinfo").header("Authorization", "Bearer " + token).send(); }
    static Json payload(const std::string& jwt) {
        const auto dot = jwt.find('.');
        return Json::parse(base64url_decode(jwt.substr(dot + 1, jwt.rfind('.') - dot - 1)).value()).or_throw();
    }
};

} // namespace gravity::issuer
