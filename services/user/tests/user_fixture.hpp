#pragma once

#include "assembly.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace gravity::user {

/// The service in this process; an operator who may everything, and people by the `sub` of their tokens.
class UserApi : public testing::Test {
protected:
    explicit UserApi(app::Texts settings = {}) : service(assemble(0), std::move(settings)) {}

    testkit::RunningService service;
    testkit::Callers as{service};
    testkit::Client operator_ = as.owner;

    testkit::Client person(std::string_view subject, std::string_view scopes = "profile users:self") {
        return service.caller(service.project(), std::string(scopes), subject);
    }
    /// So many seconds after a sign-in.
    testkit::Client signed_in(std::string subject, std::int64_t seconds_ago = 0) {
        const auto seconds = now().unix_seconds();
        const Json claims = Json::object({{"iss", "test"},
                                          {"aud", "gravity"},
                                          {"sub", subject},
                                          {"project", service.project().to_string()},
                                          {"scope", "profile users:self"},
                                          {"iat", seconds},
                                          {"exp", seconds + 3600},
                                          {"auth_time", seconds - seconds_ago},
                                          {"jti", Uuid::v4().to_string()}});
        return {service.port(), service.token(claims.dump())};
    }
    testkit::Answer user(std::string handle) { return operator_.post("/api/v1/users", {{"handle", handle}}).expect(201); }

    /// "user.created user.updated ": what has been announced since the last look, each with a subject.
    std::string event_types() {
        std::string types;
        for (const auto& event : service.take_events())
            types += event.type.substr(std::string_view("gravity.user.").size()) + (event.subject.empty() ? "?" : "") + " ";
        return types;
    }
    static void at_once(int count, const std::function<void(int)>& what) {
        std::vector<std::thread> threads;
        for (int i = 0; i < count; ++i) threads.emplace_back(what, i);
        for (auto& thread : threads) thread.join();
    }
};

} // namespace gravity::user
