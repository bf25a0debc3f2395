#pragma once

#include "assembly.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

namespace gravity::issuer {

inline std::string test_master_key(char filled_with = 'k') { return base64_encode(std::string(32, filled_with)); }

inline app::Texts with_master_key(app::Texts settings) {
    settings.try_emplace("MASTER_KEY", test_master_key());
    return settings;
}

/// The service in this process.
class IssuerApi : public testing::Test {
protected:
    explicit IssuerApi(app::Texts settings = {}) : service(assemble(0), with_master_key(std::move(settings))) {}

    testkit::RunningService service;
    testkit::Callers as{service};

    /// "signing_key.rotated signing_key.revoked ": what has been announced since the last look.
    std::string event_types() {
        std::string types;
        for (const auto& event : service.take_events()) types += event.type.substr(std::string_view("gravity.auth.").size()) + " ";
        return types;
    }

    /// What the hourly job does, for the project.
    void forget_ended() {
        const std::string moment = "'" + now().to_string() + "'";
        service.database().admin("insert into gravity.job (id, project, kind, payload, caller, due_at, max_attempts, created_at) values (gen_random_uuid(), '" +
                                 service.project().to_string() + "', 'forget-ended', '{}', 'test', " + moment + ", 1, " + moment + ")");
        service.run_jobs_until_idle();
    }
};

} // namespace gravity::issuer
