#pragma once

#include "flow_fixture.hpp"

#include <map>
#include <string>
#include <vector>

namespace gravity::issuer {

/// Ada, who signs in by a passkey alone and has lost it, with addresses of three kinds.
class Regain : public FlowApi {
protected:
    explicit Regain(app::Texts more = {}) : FlowApi(std::move(more)) { lose(); }

    testkit::Answer ada =
        as.owner
            .post("/api/v1/identities",
                  {{"login_names", names({{"email", "ada@example.com"}, {"email", "ada@work.example"}, {"phone", "+493012345678"}, {"username", "ada"}})}})
            .expect(201);
    Browser browser{service.port()}; // in which she is signed in
    SoftPasskey passkey;
    std::vector<std::string> codes;
    std::string id = ada.text("/id");

    /// Her password goes, so that a passkey is what she has.
    void lose() {
        const auto password = set_password(ada, good_password).expect(201);
        signed_in(browser, shop);
        codes = codes_in(enrol(browser, passkey));
        EXPECT_EQ(codes.size(), 10u);
        as.owner.del(password.location()).expect(204);
        service.take_events();
    }
    testkit::Answer ask(const std::string& name = "ada@example.com") {
        Browser by(service.port());
        return by.post("/login/recover", "flow=" + flow_of(by.get(request(shop))) + "&login_name=" + http::percent_encode(name));
    }
    /// The links in events of a type since the last look, by address.
    std::map<std::string, std::string> links(const std::string& type) {
        const std::string issuer = "http://localhost:8081";
        std::map<std::string, std::string> found;
        for (const auto& event : service.take_events()) {
            if (event.type != "gravity.auth." + type) continue;
            const std::string link = event.data.find("link")->as_string();
            EXPECT_TRUE(link.starts_with(issuer + "/login/")) << link;
            EXPECT_EQ(event.subject, id);
            found[event.data.find("address")->as_string()] = link.substr(issuer.size());
        }
        return found;
    }
    std::string link() {
        EXPECT_EQ(ask().status(), 200);
        return links("recovery.requested")["ada@example.com"];
    }
    testkit::Answer open(const std::string& link) { return as.anonymous.get(link).send(); }
    testkit::Answer post(const std::string& link, const std::string& what, const std::string& more = {}) {
        return as.anonymous.post("/login/regain" + what)
            .raw("token=" + link.substr(link.find("token=") + 6) + more, "application/x-www-form-urlencoded")
            .send();
    }
    testkit::Answer code(const std::string& link, const std::string& code) { return post(link, "/code", "&code=" + http::percent_encode(code)); }
    testkit::Answer password(const std::string& link, const std::string& proven = {}) {
        return post(link, "/password", proven + "&new_password=" + http::percent_encode(better));
    }
    /// What stops it, by address.
    std::map<std::string, std::string> waited(const std::string& link) {
        EXPECT_EQ(post(link, "/wait").status(), 200);
        return links("recovery.begun");
    }
    /// The second link; "" where none was sent.
    std::string after(Duration time) {
        clock.advance(time);
        service.run_jobs_until_idle();
        return links("recovery.ready")["ada@example.com"];
    }
    /// By password and code, at the pages.
    bool signs_in_by(const std::string& code) {
        Browser by(service.port());
        const auto step = type(by, flow_of(by.get(request(shop))), "ada@example.com", better);
        if (!step.location().starts_with("/login/passkey?flow=")) return false; // from where a code is as good
        return by.post("/login/code", "flow=" + flow_of(step) + "&code=" + http::percent_encode(code)).location().starts_with(callback + "?code=");
    }
    std::string passwords() { return sql("select count(*) from credential where type = 'password' and identity_id = '" + id + "'"); }
    std::string waiting() { return sql("select count(*) from regaining"); }
    std::map<std::string, std::string> stops;
    const std::string regained = "credential.added credential.recovered recovery.completed recovery.completed recovery.completed ";
};

} // namespace gravity::issuer
