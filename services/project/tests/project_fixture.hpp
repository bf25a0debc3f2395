#pragma once

#include "assembly.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gravity::project {

/// The service in this process, and people of one administering project: each has every scope, so that what they may not is their role's doing.
class ProjectApi : public testing::Test {
protected:
    explicit ProjectApi(app::Texts settings = {}) : service(assemble(0), std::move(settings)) {}

    testkit::RunningService service;
    testkit::Callers as{service}; // owner, stranger and reader all say they are "tester"
    testkit::Client ada = person("ada"), ben = person("ben"), cleo = person("cleo");

    testkit::Client person(std::string_view subject) { return service.caller(service.project(), service.all_scopes() + " products:write", subject); }

    /// Somebody whose token tells their address, and what else is in `more`.
    testkit::Client known(const std::string& subject, Json email, Json verified = true, std::optional<ProjectId> project = {}, Json more = Json::object()) {
        const auto seconds = now().unix_seconds();
        Json claims = Json::object({{"iss", "test"},
                                    {"aud", "gravity"},
                                    {"sub", subject},
                                    {"project", project.value_or(service.project()).to_string()},
                                    {"scope", "organizations:write projects:write"},
                                    {"iat", seconds},
                                    {"exp", seconds + 3600},
                                    {"email", std::move(email)},
                                    {"email_verified", std::move(verified)}});
        for (const auto& [name, value] : more.as_object()) claims[name] = value;
        return {service.port(), service.token(claims.dump())};
    }

    testkit::Answer organization(const testkit::Client& founder, std::string slug = "acme") {
        return founder.post("/api/v1/organizations", {{"slug", slug}, {"name", "Acme"}}).expect(201);
    }
    testkit::Answer join(const testkit::Client& by, const testkit::Answer& organization, std::string subject, std::string role) {
        return by.post(organization.location() + "/members", {{"subject", subject}, {"role", role}}).expect(201);
    }
    /// Into a single project.
    testkit::Answer let_in(const testkit::Client& by, const testkit::Answer& project, std::string subject, std::string role) {
        return by.post(project.location() + "/members", {{"subject", subject}, {"role", role}}).expect(201);
    }
    /// Of an organisation, or of a single project.
    static std::string seat(const testkit::Answer& of, const std::string& subject) { return of.location() + "/members/" + subject; }
    testkit::Answer project(const testkit::Client& who, const testkit::Answer& organization, std::string slug = "shop") {
        return who.post("/api/v1/projects", {{"organization_id", organization.text("/id")}, {"slug", slug}, {"name", "Shop"}}).expect(201);
    }
    static Json key_body(const testkit::Answer& project, std::vector<std::string> scopes = {"products:read"}) {
        Json list = Json::array();
        for (auto& scope : scopes) list.push_back(std::move(scope));
        return Json::object({{"project_id", project.text("/id")}, {"env", "production"}, {"name", "Back end"}, {"scopes", std::move(list)}});
    }
    testkit::Answer key(const testkit::Client& who, const testkit::Answer& project) { return who.post("/api/v1/api-keys", key_body(project)).expect(201); }
    testkit::Answer verify(const testkit::Client& who, const std::string& key) { return who.post("/api/v1/api-keys/verify", {{"key", key}}).expect(200); }

    /// "project.created member.added ": what has been announced since the last look, each with a subject.
    std::string event_types() {
        std::string types;
        for (const auto& event : service.take_events())
            types += event.type.substr(std::string_view("gravity.project.").size()) + (event.subject.empty() ? "?" : "") + " ";
        return types;
    }
    static void at_once(int count, const std::function<void(int)>& what) {
        std::vector<std::thread> threads;
        for (int i = 0; i < count; ++i) threads.emplace_back(what, i);
        for (auto& thread : threads) thread.join();
    }
};

} // namespace gravity::project
