#include "issuer_fixture.hpp"

#include <gravity/testkit/conformance.hpp>

namespace gravity::issuer {
namespace {

using testkit::Client;

std::string key_path(const Client& who, std::string_view state) {
    const Json items = who.get("/api/v1/signing-keys?state=" + std::string(state)).expect(200).at("/items");
    return "/api/v1/signing-keys/" + items.as_array().front().find("kid")->as_string();
}

testkit::ConformanceOptions options() {
    testkit::ConformanceOptions options;
    options.settings = with_master_key({});
    const std::string keys = "/api/v1/signing-keys";
    options.path(keys + "/{kid}", [](const Client& who) { return key_path(who, "active"); });
    options.path("POST " + keys + "/{kid}/revoke", [](const Client& who) { return key_path(who, "next") + "/revoke"; });
    for (const std::string route : {"GET " + keys + "/{kid}", "POST " + keys + "/{kid}/revoke"})
        options.except(route, "isolation", "the issuer's keys belong to no project");
    options.except("GET " + keys, "list-isolation", "the issuer's keys belong to no project");
    return options;
}

// Every convention of the platform, on every route of the table.
INSTANTIATE_CONFORMANCE(Auth, assemble(0), options())

} // namespace
} // namespace gravity::issuer
