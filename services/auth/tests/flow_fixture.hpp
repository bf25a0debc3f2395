#pragma once

#include "passkey_fixture.hpp"

#include <gravity/testkit/clock.hpp>

#include <string>

namespace gravity::issuer {

/// Flows by the API, of a client of one's own, where people may sign up.
class FlowApi : public PasskeyApi {
protected:
    static app::Texts with(app::Texts more) {
        more.try_emplace("AUTH_PUBLIC_URL", "http://localhost:8081");
        more.try_emplace("AUTH_LINKS_IN_EVENTS", "true");
        more.try_emplace("AUTH_SIGN_UP_PROJECTS", "*");
        return more;
    }
    explicit FlowApi(app::Texts more = {}) : PasskeyApi(with(std::move(more))) {}
    testkit::FakeClock clock{now()};
    testkit::Answer shop = web_client(Json::object({{"first_party", true}}));
    const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"; // one for all, so that answers are the same to the byte
    const std::string weak = "password123", better = "a better horse altogether";

    testkit::Call wish(const testkit::Answer& client, const std::string& kind, const Json& more = Json::object()) const {
        Json body = Json::object({{"kind", kind},
                                  {"client_id", client.text("/id")},
                                  {"redirect_uri", callback},
                                  {"code_challenge", challenge()},
                                  {"scope", "openid email"},
                                  {"state", "s&t"},
                                  {"headless", true}});
        return as.anonymous.post("/api/v1/login-flows", testkit::Members(merge_patch(std::move(body), more)));
    }
    testkit::Answer begin(const std::string& kind = "sign_in", const Json& more = Json::object()) const { return wish(shop, kind, more).expect(201); }
    static std::string path_of(const testkit::Answer& flow) { return "/api/v1/login-flows/" + flow.text("/id") + "/steps"; }
    testkit::Call step(const testkit::Answer& flow, const std::string& what, const Json& members = Json::object()) const {
        Json body = members;
        body["step"] = what;
        return as.anonymous.post(path_of(flow), testkit::Members(std::move(body))).header("Flow-Token", flow.text("/flow_token")).header("traceparent", trace);
    }
    testkit::Answer take(const testkit::Answer& flow, const std::string& what, const Json& members = Json::object()) const {
        return step(flow, what, members).expect(200);
    }
    testkit::Answer password(const testkit::Answer& flow, const std::string& name = "ada@example.com", const std::string& typed = good_password) const {
        return take(flow, "password", Json::object({{"login_name", name}, {"password", typed}}));
    }
    testkit::Answer state(const testkit::Answer& flow) const {
        return as.anonymous.get("/api/v1/login-flows").header("Flow-Token", flow.text("/flow_token")).send();
    }
    /// "password passkey": what comes next.
    static std::string next(const testkit::Answer& flow) {
        std::string steps;
        const Json list = flow.at("/next_steps");
        if (list.is_array())
            for (const Json& one : list.as_array()) steps += (steps.empty() ? "" : " ") + one.as_string();
        return steps;
    }
    static bool is_not_right(const testkit::Answer& answer) { return answer.text("/fault") == "not_right" && answer.at("/redirect_to").is_null(); }
    /// A parameter of where the flow sends its person.
    static std::string sent(const testkit::Answer& flow, const std::string& name) {
        const std::string to = flow.text("/redirect_to");
        const auto query = http::parse_query(to.substr(std::min(to.size(), to.find('?') + 1)));
        if (query)
            for (const auto& found : *query)
                if (found.name == name) return found.value;
        return {};
    }
    /// A field of the last event of a type; "" if there was none since the last look.
    std::string told(const std::string& type, const std::string& field) {
        std::string found;
        for (const auto& event : service.take_events())
            if (event.type == "gravity.auth." + type)
                if (const Json* const value = event.data.find(field)) found = value->as_string();
        return found;
    }
};

} // namespace gravity::issuer
