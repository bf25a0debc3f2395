#pragma once

#include "acl.hpp"
#include "world.hpp"

#include <gravity/auth/sealed.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gravity::registry::test {

inline constexpr std::string_view root = "root";

/// A world with access rules and a management token; what is called has the management token until `secret` says otherwise.
struct GuardedWorld : World {
    explicit GuardedWorld(bool default_allow = false, bool key_list_policy = false, bool with_keys = false) {
        AclOptions options;
        options.enabled = true;
        options.default_allow = default_allow;
        options.key_list_policy = key_list_policy;
        if (with_keys) options.keys = std::make_shared<const auth::MasterKeys>(*auth::MasterKeys::parse("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="));
        acl.emplace(std::move(options));
        BootstrapAcl command;
        command.token.accessor = "aaaaaaaa-0000-4000-8000-000000000001";
        command.token.secret_hash = hash_of_secret(root);
        command.token.grants.policies = {management_policy().id};
        EXPECT_EQ(run(command).status, 200);
        secret = root;
    }

    /// The secret of a new token with these rules.
    std::string token(const std::string& rules, const std::string& more = {}) {
        const std::string before = std::exchange(secret, std::string(root));
        const std::string name = "p" + std::to_string(++policies);
        const auto policy = put("/v1/acl/policy", Json::object({{"Name", name}, {"Rules", rules}}).dump());
        EXPECT_EQ(policy.status, 200) << policy.body;
        const auto made = put("/v1/acl/token", "{\"Policies\":[{\"Name\":\"" + name + "\"}]" + more + '}');
        EXPECT_EQ(made.status, 200) << made.body;
        secret = before;
        return made.at("/SecretID").as_string();
    }
    void as(std::string_view who) { secret = who; }
    void with(const std::string& rules) { secret = token(rules); }

    int policies = 0;
};

inline constexpr std::string_view coordinate = R"({"Node":"node1","Coord":{"Vec":[0,0,0.25,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":1e-05}})";

/// A world in which every route has something to show.
inline void furnish(GuardedWorld& world) {
    const auto did = [&](const World::Answered& answer) { EXPECT_EQ(answer.status, 200) << answer.body; };
    did(world.put("/v1/catalog/register", R"({"Node":"node1","Address":"10.0.0.1","ID":"11111111-1111-4111-8111-111111111111",
        "Check":{"CheckID":"serfHealth","Name":"s","Status":"passing"}})"));
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    did(world.put("/v1/kv/a/b", "v"));
    did(world.put("/v1/event/fire/deploy", "p"));
    did(world.put("/v1/coordinate/update", coordinate));
    did(world.post("/v1/query", R"({"Name":"q","Service":{"Service":"web"}})"));
}

} // namespace gravity::registry::test
