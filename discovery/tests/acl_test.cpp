// Access rules: policies as they are written, tokens, and that no route forgets to ask.
#include "acl.hpp"
#include "api_access.hpp"
#include "dns_zone.hpp"
#include "hcl.hpp"
#include "snapshot.hpp"
#include "world.hpp"

#include <gravity/auth/sealed.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>

#include <algorithm>
#include <functional>
#include <map>

namespace gravity::registry::test {
namespace {

constexpr std::string_view root = "root";

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

// ---- rules

Grant granted(const Rules& rules, Resource resource, std::string_view name) { return rules.of(resource).find(name).value_or(Grant::deny); }

TEST(AclRules, AreReadInEveryNotation) {
    const char* notations[] = {
        "key \"a\" { policy = \"write\" }\nkey_prefix \"b/\" { policy = \"list\" }\nacl = \"read\" # comment\n"
        "service \"web\" { policy = \"read\" intentions = \"deny\" }",
        "key = { \"a\" = { policy = \"write\" } }, key_prefix = { \"b/\" { policy: \"list\" } } /* a\n comment */ "
        "acl: \"read\" service web { policy = \"read\" }",
        R"({"key": {"a": {"policy": "write"}}, "key_prefix": [{"b/": [{"policy": "list"}]}], "acl": "read", "service": {"web": {"policy": "read"}}})",
        "// \u00e4\nkey \"\\u0061\" {\n  policy = \"write\"\n}\nkey_prefix \"b\\/\" { policy = \"list\" }\nacl = \"read\"\n"
        "service \"web\" { policy = \"read\" }",
    };
    for (const char* text : notations) {
        const Rules rules = parse_policy(text);
        EXPECT_EQ(granted(rules, Resource::key, "a"), Grant::write) << text;
        EXPECT_EQ(granted(rules, Resource::key, "b/c"), Grant::list) << text;
        EXPECT_EQ(granted(rules, Resource::key, "ab"), Grant::deny) << text;
        EXPECT_EQ(granted(rules, Resource::acl, ""), Grant::read) << text;
        EXPECT_EQ(granted(rules, Resource::service, "web"), Grant::read) << text;
    }
    EXPECT_NO_THROW(parse_policy("")); // says nothing
    EXPECT_NO_THROW(parse_policy("acl = \"\""));
}

TEST(AclRules, EveryRuleOfConsulIsKnown) {
    for (const std::string rule : {"agent", "event", "identity", "key", "node", "query", "service", "session"})
        for (const std::string end : {"", "_prefix"}) EXPECT_NO_THROW(parse_policy(rule + end + " \"x\" { policy = \"read\" }")) << rule << end;
    for (const std::string rule : {"acl", "keyring", "mesh", "operator", "peering"}) EXPECT_NO_THROW(parse_policy(rule + " = \"write\"")) << rule;
}

TEST(AclRules, WhatIsWrongIsSaidWithItsLine) {
    const std::string deep(200, '[');
    const std::pair<std::string, std::string> cases[] = {
        {"key \"a\" { policy = \"own\" }", "line 1: the policy of key \"a\" must be \"read\", \"write\", \"list\" or \"deny\""},
        {"\nservice \"a\" { policy = \"list\" }", "line 2: the policy of service \"a\" must be \"read\", \"write\" or \"deny\""},
        {"\n\nservise \"a\" { policy = \"read\" }", "line 3: unknown rule \"servise\""},
        {"acl_prefix \"\" { policy = \"read\" }", "line 1: unknown rule \"acl_prefix\""},
        {"key \"a\" { }", "line 1: key \"a\" has no policy"},
        {"key \"a\" {\n policy = \"write\"\n sentinel { code = \"x\" }\n}", "line 3: key \"a\" has \"sentinel\", which is not known here"},
        {"namespace \"x\" { policy = \"read\" }", "unknown rule \"namespace\""},
        {"key \"a\" = \"read\"", "key \"a\" must be a block"},
        {"key = \"read\"", "key needs a name"},
        {"acl { policy = \"read\" }", "the policy of acl must be"},
        {"key \"a", "line 1: the text has no closing quote"},
        {"key \"a\" {\n policy = \"read\"", "line 2: it ends too early"},
        {"key \"a\" }", "line 1: after \"a\" there must be"},
        {"/* x", "the comment of line 1 has no end"},
        {"key \"\\q\" {}", "line 1: unknown escape in a text"},
        {"key \"\\ud800x\" {}", "half a character"},
        {"key \"\\u12\" {}", "hexadecimal digits"},
        {"key \"\\UFFFFFFFF\" {}", "no such character"},
        {"}", "unexpected character"},
        {"{} x", "nothing may follow"},
        {"acl = [\"read\" \"write\"]", "comma"},
        {"key = " + deep, "nested too deeply"},
        {"key " + std::string("a b c d e f g h i j k l m n o p q r s t u {}"), "nested too deeply"},
        {std::string(max_policy_bytes + 1, ' '), "rules are longer than"},
    };
    for (const auto& [text, why] : cases) {
        try {
            parse_policy(text);
            ADD_FAILURE() << text.substr(0, 60) << " was taken";
        } catch (const PolicyError& error) {
            EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << text.substr(0, 60) << " -> " << error.what();
        }
    }
}

TEST(AclRules, TheExactNameThenTheLongestPrefixDecide) {
    const Rules rules = parse_policy(R"(key_prefix "" { policy = "read" } key_prefix "a/" { policy = "deny" } key_prefix "a/b/" { policy = "write" }
                                        key "a/b/c" { policy = "deny" } key "a/" { policy = "read" })");
    EXPECT_EQ(granted(rules, Resource::key, "z"), Grant::read);
    EXPECT_EQ(granted(rules, Resource::key, "a/x"), Grant::deny);
    EXPECT_EQ(granted(rules, Resource::key, "a/"), Grant::read);
    EXPECT_EQ(granted(rules, Resource::key, "a/b/x"), Grant::write);
    EXPECT_EQ(granted(rules, Resource::key, "a/b/c"), Grant::deny);
    EXPECT_EQ(granted(rules, Resource::key, "a/b/cd"), Grant::write);
    EXPECT_FALSE(rules.of(Resource::node).find("n"));
}

TEST(AclRules, OfSeveralPoliciesDenyGoesFirstThenTheMost) {
    const auto merged = [](std::initializer_list<const char*> grants) {
        Rules rules;
        for (const char* grant : grants) rules.merge(parse_policy(std::string("key \"k\" { policy = \"") + grant + "\" }"));
        return granted(rules, Resource::key, "k");
    };
    EXPECT_EQ(merged({"read", "write", "list"}), Grant::write);
    EXPECT_EQ(merged({"read", "list"}), Grant::list);
    EXPECT_EQ(merged({"write", "deny", "read"}), Grant::deny);
}

TEST(AclRules, AWholeTreeNeedsEveryRuleInIt) {
    const auto may_delete = [](const char* text, std::string_view prefix, bool default_allow) {
        return Access::by_rules(std::make_shared<const Rules>(parse_policy(text)), default_allow, "x").may_all(Resource::key, Grant::write, prefix);
    };
    EXPECT_TRUE(may_delete("key_prefix \"a/\" { policy = \"write\" }", "a/b/", false));
    EXPECT_FALSE(may_delete("key_prefix \"a/\" { policy = \"write\" }", "a", false));
    EXPECT_FALSE(may_delete("key_prefix \"a/\" { policy = \"write\" } key \"a/b/secret\" { policy = \"read\" }", "a/b/", false));
    EXPECT_TRUE(may_delete("key_prefix \"a/\" { policy = \"write\" } key \"a/x\" { policy = \"deny\" }", "a/b/", false));
    EXPECT_FALSE(may_delete("key_prefix \"a/\" { policy = \"read\" } key_prefix \"a/b/c\" { policy = \"write\" }", "a/b/", false));
    EXPECT_TRUE(may_delete("", "a/", true));
    EXPECT_FALSE(may_delete("key_prefix \"a/b\" { policy = \"deny\" }", "a/", true));
}

// ---- tokens, policies, roles

TEST(Acl, IsBootstrappedOnce) {
    World world;
    AclOptions options;
    options.enabled = true;
    world.acl.emplace(options);
    EXPECT_EQ(world.get("/v1/acl/tokens").body, "Permission denied: anonymous token lacks permission 'acl:read'. The anonymous token is used implicitly when "
                                                "a request does not specify a token.");
    world.secret = "root";
    EXPECT_EQ(world.get("/v1/acl/tokens").body,
              "ACL system must be bootstrapped before making any requests that require authorization: ACL not found");
    EXPECT_EQ(world.put("/v1/acl/bootstrap", R"({"BootstrapSecret":"short"})").status, 400);
    const auto first = world.put("/v1/acl/bootstrap");
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(first.at("/ID"), first.at("/SecretID"));
    EXPECT_EQ(first.at("/Policies/0/Name"), Json("global-management"));
    const auto second = world.put("/v1/acl/bootstrap");
    EXPECT_EQ(second.status, 403);
    EXPECT_EQ(second.body, "Permission denied: ACL bootstrap no longer allowed (reset index: " + std::to_string(first.at("/CreateIndex").as_integer()) + ")");
    EXPECT_EQ(world.get("/v1/acl/tokens").body, "ACL not found");
    world.secret = first.at("/SecretID").as_string();
    EXPECT_EQ(world.get("/v1/acl/tokens").json().size(), 2u); // with the anonymous one
    EXPECT_EQ(world.del("/v1/acl/token/" + first.at("/AccessorID").as_string()).status, 400); // its own
}

TEST(Acl, ASecretIsKeptAsAHashAndShownOnce) {
    GuardedWorld world;
    const auto made = world.put("/v1/acl/token", R"({"Description":"d","Policies":[{"Name":"global-management"}]})");
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string secret = made.at("/SecretID").as_string();
    const std::string path = "/v1/acl/token/" + made.at("/AccessorID").as_string();
    for (const auto& [key, value] : world.store.pairs) EXPECT_EQ(value.find(secret), std::string::npos) << key;
    EXPECT_EQ(world.get(path).at("/SecretID"), Json("<hidden>"));
    // What a client was shown it may write back.
    const auto updated = world.put(path, R"({"SecretID":"<hidden>","Description":"e","Policies":[]})");
    EXPECT_EQ(updated.at("/Description"), Json("e")) << updated.body;
    EXPECT_NE(updated.at("/Hash"), made.at("/Hash"));
    EXPECT_EQ(world.put(path, R"({"SecretID":")" + secret + "\"}").at("/SecretID"), Json(secret));
    EXPECT_EQ(world.put(path, R"({"SecretID":"11111111-1111-4111-8111-111111111111"})").status, 400);
    world.as(secret);
    EXPECT_EQ(world.get("/v1/acl/token/self").at("/SecretID"), Json(secret));
}

TEST(Acl, WithAMasterKeyASecretIsReadAgainByWhoMayWriteTheRules) {
    GuardedWorld world(false, false, true);
    const auto made = world.put("/v1/acl/token", "{}");
    const std::string secret = made.at("/SecretID").as_string();
    const std::string path = "/v1/acl/token/" + made.at("/AccessorID").as_string();
    for (const auto& [key, value] : world.store.pairs) EXPECT_EQ(value.find(secret), std::string::npos) << key;
    EXPECT_EQ(world.get(path).body, made.body);
    world.with("acl = \"read\"");
    EXPECT_EQ(world.get(path).at("/SecretID"), Json("<hidden>"));
    const Json tokens = world.get("/v1/acl/tokens").json();
    for (const Json& token : tokens.as_array())
        EXPECT_EQ(*token.find("SecretID"), Json(token.find("AccessorID")->as_string() == anonymous_accessor ? "anonymous" : "<hidden>"));
    // An envelope of another row opens nothing.
    AclToken other = *world.model.find<AclToken>(made.at("/AccessorID").as_string());
    other.accessor = "22222222-2222-4222-8222-222222222222";
    EXPECT_FALSE(world.acl->secret_of(other));
}

TEST(Acl, TokensAreMadeReadChangedClonedAndDeleted) {
    GuardedWorld world;
    world.put("/v1/acl/policy", R"({"Name":"reads","Rules":"node_prefix \"\" { policy = \"read\" }"})");
    const std::string role = world.put("/v1/acl/role", R"({"Name":"r","Policies":[{"Name":"reads"}]})").at("/ID").as_string();
    const auto made = world.put("/v1/acl/token", R"({"AccessorID":"33333333-3333-4333-8333-333333333333","SecretID":"44444444-4444-4444-8444-444444444444",
        "Description":"one","Policies":[{"Name":"reads"},{"Name":"reads"}],"Roles":[{"ID":")" +
                                                     role + R"("}],"Local":true,
        "ServiceIdentities":[{"ServiceName":"web"}],"NodeIdentities":[{"NodeName":"n1","Datacenter":"dc1"}]})");
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(made.at("/Policies").size(), 1u);
    EXPECT_EQ(made.at("/Roles/0/Name"), Json("r"));
    EXPECT_EQ(made.at("/ServiceIdentities/0/ServiceName"), Json("web"));
    EXPECT_EQ(made.at("/NodeIdentities/0/NodeName"), Json("n1"));
    const std::string path = "/v1/acl/token/33333333-3333-4333-8333-333333333333";
    EXPECT_EQ(world.get(path + "?expanded=true").at("/ExpandedPolicies/0/Name"), Json("reads"));
    EXPECT_EQ(world.get(path + "?expanded=true").at("/ExpandedRoles/0/ID"), Json(role));
    EXPECT_EQ(world.put(path, R"({"Local":false})").status, 400);
    EXPECT_EQ(world.put(path, R"({"AccessorID":"55555555-5555-4555-8555-555555555555"})").status, 400);
    const auto clone = world.put(path + "/clone", R"({"Description":"two"})");
    EXPECT_EQ(clone.at("/Description"), Json("two")) << clone.body;
    EXPECT_EQ(clone.at("/Roles/0/Name"), Json("r"));
    EXPECT_NE(clone.at("/AccessorID"), made.at("/AccessorID"));
    EXPECT_NE(clone.at("/SecretID"), made.at("/SecretID"));
    EXPECT_EQ(world.get("/v1/acl/tokens?servicename=web").json().size(), 2u);
    EXPECT_EQ(world.get("/v1/acl/tokens?servicename=other").json().size(), 0u);
    EXPECT_EQ(world.get("/v1/acl/tokens?authmethod=m").json().size(), 0u);
    EXPECT_EQ(world.get("/v1/acl/tokens?role=" + role).json().size(), 2u);
    EXPECT_EQ(world.get("/v1/acl/tokens?policy=" + made.at("/Policies/0/ID").as_string()).json().size(), 2u);
    EXPECT_NE(world.get("/v1/acl/tokens?servicename=web&authmethod=m").body.find("can only filter by one of"), std::string::npos);
    EXPECT_EQ(world.del(path).body, "true");
    EXPECT_EQ(world.get(path).status, 404);
    EXPECT_EQ(world.del(path).status, 404);
    EXPECT_EQ(world.put(path, "{}").status, 404);
    EXPECT_EQ(world.put(path + "/clone").status, 404);
}

TEST(Acl, BadTokensAreRefusedWithTheReason) {
    GuardedWorld world;
    world.put("/v1/acl/token", R"({"AccessorID":"33333333-3333-4333-8333-333333333333","SecretID":"44444444-4444-4444-8444-444444444444"})");
    const std::pair<const char*, const char*> cases[] = {
        {R"({"AccessorID":"x"})", "AccessorID is not a valid UUID"},
        {R"({"SecretID":"x"})", "SecretID is not a valid UUID"},
        {R"({"AccessorID":"33333333-3333-4333-8333-333333333333"})", "AccessorID is already in use"},
        {R"({"SecretID":"44444444-4444-4444-8444-444444444444"})", "SecretID is already in use"},
        {R"({"AccessorID":"66666666-6666-4666-8666-666666666666","SecretID":"66666666-6666-4666-8666-666666666666"})", "already in use"},
        {R"({"AccessorID":"00000000-0000-0000-0000-000000000007"})", "are reserved"},
        {R"({"Policies":[{"Name":"none"}]})", "No such ACL policy with name \"none\""},
        {R"({"Policies":[{"ID":"none"}]})", "No such ACL policy with ID \"none\""},
        {R"({"Roles":[{"Name":"none"}]})", "No such ACL role with name \"none\""},
        {R"({"Roles":[{"ID":"none"}]})", "No such ACL role with ID \"none\""},
        {R"({"ServiceIdentities":[{"ServiceName":""}]})", "missing the service name"},
        {R"({"ServiceIdentities":[{"ServiceName":"a\" { policy"}]})", "invalid name"},
        {R"({"ServiceIdentities":[{"ServiceName":"Web"}]})", "invalid name"},
        {R"({"Local":true,"ServiceIdentities":[{"ServiceName":"a","Datacenters":["dc1"]}]})", "cannot specify a list of datacenters"},
        {R"({"NodeIdentities":[{"NodeName":"","Datacenter":"dc1"}]})", "missing the node name"},
        {R"({"NodeIdentities":[{"NodeName":"n","Datacenter":""}]})", "missing the datacenter"},
        {R"({"NodeIdentities":[{"NodeName":"-n","Datacenter":"dc1"}]})", "invalid name"},
        {R"({"TemplatedPolicies":[{"TemplateName":"builtin/service"}]})", "Templated policies are not supported"},
        {R"({"AuthMethod":"m"})", "disallowed outside of login"},
        {R"({"ExpirationTTL":"59s"})", "cannot be less than 1m0s in the future (was 59s)"},
        {R"({"ExpirationTTL":"25h"})", "cannot be more than 24h0m0s in the future"},
        {R"({"ExpirationTTL":"1h","ExpirationTime":"2030-01-01T00:00:00Z"})", "cannot both be set"},
        {R"({"ExpirationTime":"2001-01-01T00:00:00Z"})", "cannot be before CreateTime"},
        {R"({"ExpirationTime":"soon"})", "/ExpirationTime"},
        {"[]", "must be an object"},
    };
    for (const auto& [body, why] : cases) {
        const auto answer = world.put("/v1/acl/token", body);
        EXPECT_EQ(answer.status, 400) << body << " -> " << answer.body;
        EXPECT_NE(answer.body.find(why), std::string::npos) << body << " -> " << answer.body;
    }
    EXPECT_EQ(world.model.table<AclToken>().size(), 2u);
}

TEST(Acl, PoliciesAndRolesHaveNamesOfTheirOwnAndTheBuiltInOnesStay) {
    GuardedWorld world;
    const auto made = world.put("/v1/acl/policy", R"({"name":"a","rules":"{\"acl\": \"read\"}","Datacenters":["dc1"]})"); // as py-consul writes it
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string id = made.at("/ID").as_string(), path = "/v1/acl/policy/" + id;
    EXPECT_EQ(world.get(path).body, made.body);
    EXPECT_EQ(world.get("/v1/acl/policy/name/a").body, made.body);
    EXPECT_EQ(world.get("/v1/acl/policy/name/global-management").at("/ID"), Json(management_policy().id));
    EXPECT_EQ(world.get("/v1/acl/policies").json().size(), 3u);
    EXPECT_EQ(world.get("/v1/acl/policies").at("/2/Rules"), Json()); // not in lists
    EXPECT_EQ(world.put(path, R"({"Name":"b","Rules":""})").at("/Name"), Json("b"));
    const std::pair<const char*, const char*> bad[] = {
        {R"({"Name":"b"})", "A Policy with Name \"b\" already exists"},
        {R"({"Name":"global-management"})", "already exists"},
        {R"({"Name":"a b"})", "invalid Name"},
        {"{}", "no Name is set"},
        {R"({"Name":"c","Rules":"\nkey {"})", "line 2:"},
        {R"({"ID":"x","Name":"c"})", "Cannot specify the ID"},
    };
    for (const auto& [body, why] : bad) {
        const auto answer = world.put("/v1/acl/policy", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_NE(answer.body.find(why), std::string::npos) << body << " -> " << answer.body;
    }
    EXPECT_EQ(world.put("/v1/acl/policy/" + management_policy().id, R"({"Name":"m"})").status, 400);
    EXPECT_EQ(world.del("/v1/acl/policy/" + management_policy().id).status, 400);
    EXPECT_EQ(world.del("/v1/acl/token/" + std::string(anonymous_accessor)).status, 400);
    EXPECT_EQ(world.put("/v1/acl/policy/nope", R"({"Name":"n"})").status, 404);
    EXPECT_EQ(world.get("/v1/acl/policy/nope").body, "Requested policy does not exist: ACL not found");

    const auto role = world.put("/v1/acl/role", R"({"Name":"r","Policies":[{"ID":")" + id + R"("}],"NodeIdentities":[{"NodeName":"n","Datacenter":"dc1"}]})");
    ASSERT_EQ(role.status, 200) << role.body;
    const std::string role_path = "/v1/acl/role/" + role.at("/ID").as_string();
    EXPECT_EQ(world.get(role_path).body, role.body);
    EXPECT_EQ(world.get("/v1/acl/role/name/r").body, role.body);
    EXPECT_EQ(world.get("/v1/acl/role/name/x").status, 404);
    EXPECT_EQ(world.get("/v1/acl/roles?policy=" + id).json().size(), 1u);
    EXPECT_EQ(world.get("/v1/acl/roles?policy=x").json().size(), 0u);
    EXPECT_EQ(world.put("/v1/acl/role", R"({"Name":"r"})").status, 400);
    EXPECT_EQ(world.put("/v1/acl/role", R"({"Name":""})").status, 400);
    EXPECT_EQ(world.put("/v1/acl/role", R"({"Name":"s","Policies":[{"Name":"none"}]})").status, 400);
    EXPECT_EQ(world.put(role_path, R"({"Name":"r2","Description":"d"})").at("/Description"), Json("d"));
    EXPECT_EQ(world.del(path).body, "true");
    EXPECT_EQ(world.del(path).status, 404);
    EXPECT_EQ(world.del(role_path).body, "true");
    EXPECT_EQ(world.get(role_path).status, 404);
    EXPECT_EQ(world.del(role_path).status, 404);
}

TEST(Acl, ATokenHasWhatItsPoliciesRolesAndIdentitiesGive) {
    GuardedWorld world;
    world.put("/v1/acl/policy", R"({"Name":"here","Rules":"key \"here\" { policy = \"write\" }","Datacenters":["dc1"]})");
    world.put("/v1/acl/policy", R"({"Name":"elsewhere","Rules":"key \"there\" { policy = \"write\" }","Datacenters":["dc2"]})");
    world.put("/v1/acl/role", R"({"Name":"r","Policies":[{"Name":"here"},{"Name":"elsewhere"}],"ServiceIdentities":[{"ServiceName":"api"}]})");
    const auto made = world.put("/v1/acl/token", R"({"Roles":[{"Name":"r"}],"ServiceIdentities":[{"ServiceName":"web"},
        {"ServiceName":"far","Datacenters":["dc2"]}],"NodeIdentities":[{"NodeName":"n1","Datacenter":"dc1"},{"NodeName":"n2","Datacenter":"dc2"}]})");
    ASSERT_EQ(made.status, 200) << made.body;
    world.as(made.at("/SecretID").as_string());
    const auto may = [&](Resource resource, Grant grant, const char* name) { return world.access().may(resource, grant, name); };
    EXPECT_TRUE(may(Resource::key, Grant::write, "here"));
    EXPECT_FALSE(may(Resource::key, Grant::write, "there"));
    EXPECT_TRUE(may(Resource::service, Grant::write, "web"));
    EXPECT_TRUE(may(Resource::service, Grant::write, "api"));
    EXPECT_FALSE(may(Resource::service, Grant::write, "far"));
    EXPECT_TRUE(may(Resource::service, Grant::read, "any"));
    EXPECT_TRUE(may(Resource::node, Grant::write, "n1"));
    EXPECT_FALSE(may(Resource::node, Grant::write, "n2"));
    EXPECT_TRUE(may(Resource::node, Grant::read, "n2"));
    // What is taken away counts at once.
    world.as(root);
    world.put("/v1/acl/role/" + world.get("/v1/acl/role/name/r").at("/ID").as_string(), R"({"Name":"r"})");
    world.as(made.at("/SecretID").as_string());
    EXPECT_FALSE(may(Resource::key, Grant::write, "here"));
    EXPECT_FALSE(may(Resource::service, Grant::write, "api"));
}

TEST(Acl, TheAnonymousTokenCanBeGivenPermissions) {
    GuardedWorld world;
    world.put("/v1/kv/public", "x");
    world.as("");
    EXPECT_EQ(world.get("/v1/kv/public").status, 403);
    world.as(root);
    world.put("/v1/acl/policy", R"({"Name":"p","Rules":"key \"public\" { policy = \"read\" }"})");
    const auto updated = world.put("/v1/acl/token/" + std::string(anonymous_accessor), R"({"SecretID":"anonymous","Policies":[{"Name":"p"}]})");
    ASSERT_EQ(updated.status, 200) << updated.body;
    EXPECT_EQ(updated.at("/SecretID"), Json("anonymous"));
    EXPECT_EQ(world.get("/v1/acl/tokens").json().size(), 2u);
    for (const char* who : {"", "anonymous"}) {
        world.as(who);
        EXPECT_EQ(world.get("/v1/kv/public?raw").body, "x");
        EXPECT_EQ(world.put("/v1/kv/public", "y").status, 403);
    }
    world.acl->tokens().default_token = root; // what comes without a token has this one
    world.as("");
    EXPECT_EQ(world.put("/v1/kv/public", "y").body, "true");
}

TEST(Acl, ATokenEndsWhenItsTimeIsOver) {
    GuardedWorld world;
    world.now_us = now().unix_us();
    const auto made = world.put("/v1/acl/token", R"({"ExpirationTTL":"60s","Policies":[{"Name":"global-management"}]})");
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string accessor = made.at("/AccessorID").as_string(), path = "/v1/acl/token/" + accessor;
    EXPECT_EQ(world.put(path, R"({"Description":"x","Policies":[{"Name":"global-management"}]})").at("/ExpirationTime"), made.at("/ExpirationTime"));
    EXPECT_EQ(world.put(path, R"({"ExpirationTTL":"2h"})").status, 400);
    EXPECT_EQ(world.put(path, R"({"ExpirationTime":"2099-01-01T00:00:00Z"})").status, 400);
    world.as(made.at("/SecretID").as_string());
    EXPECT_EQ(world.get("/v1/acl/tokens").status, 200);
    world.now_us += 61'000'000;
    EXPECT_EQ(world.get("/v1/acl/tokens").body, "ACL not found");
    EXPECT_EQ(world.run(PutToken{*world.model.find<AclToken>(accessor), {}, {}, false}).status, 404);
    EXPECT_NE(world.model.find<AclToken>(accessor), nullptr);
    world.run(ReapTokens{});
    EXPECT_EQ(world.model.find<AclToken>(accessor), nullptr);
    EXPECT_EQ(world.model.table<AclToken>().size(), 1u); // who does not end is still there
}

TEST(Acl, ThePlatformsTokensHaveWhatTheirScopesSay) {
    GuardedWorld world;
    const auto with = [&](std::vector<std::string> scopes) {
        Caller caller;
        caller.subject = "s";
        caller.scopes = std::move(scopes);
        return world.acl->access_of(caller);
    };
    EXPECT_FALSE(with({}).may(Resource::service, Grant::read, "web"));
    EXPECT_TRUE(with({"discovery:read"}).may(Resource::service, Grant::read, "web"));
    EXPECT_FALSE(with({"discovery:read"}).may(Resource::service, Grant::write, "web"));
    EXPECT_TRUE(with({"discovery:write"}).may(Resource::key, Grant::write, "k"));
    EXPECT_FALSE(with({"discovery:write"}).may(Resource::acl, Grant::read));
    EXPECT_TRUE(with({"discovery:admin"}).may(Resource::acl, Grant::write));
    EXPECT_EQ(with({}).accessor(), "jwt:s");
    EXPECT_TRUE(looks_like_jwt("eyJhbGciOiJFUzI1NiJ9.e30.x"));
    EXPECT_FALSE(looks_like_jwt("44444444-4444-4444-8444-444444444444"));
}

TEST(Acl, ASnapshotHoldsTheRulesAndDoesNotOpenTheDoorAgain) {
    GuardedWorld world;
    const std::string secret = world.token("key_prefix \"\" { policy = \"write\" }");
    const std::string file = world.get("/v1/snapshot").body;
    World empty;
    AclOptions options;
    options.enabled = true;
    empty.acl.emplace(options);
    Snapshot snapshot = read_snapshot(file);
    empty.run(Restore{std::move(snapshot.rows), snapshot.index});
    empty.secret = secret;
    EXPECT_EQ(empty.put("/v1/kv/k", "v").body, "true");
    EXPECT_EQ(empty.get("/v1/acl/policies").status, 403);
    EXPECT_EQ(empty.put("/v1/acl/bootstrap").status, 403);
    Model reloaded;
    layout::load(empty.store, reloaded);
    EXPECT_NE(reloaded.token_by_hash(hash_of_secret(secret)), nullptr);
}

TEST(Acl, APolicyThatCannotBeReadPermitsNothing) {
    GuardedWorld world;
    const std::string secret = world.token("key_prefix \"\" { policy = \"write\" }");
    AclPolicy policy = *world.model.table<AclPolicy>().begin()->second;
    policy.rules = "of another release";
    world.run(PutPolicy{policy, false});
    world.as(secret);
    const auto answer = world.put("/v1/kv/k", "v");
    EXPECT_EQ(answer.status, 403);
    EXPECT_NE(answer.body.find("cannot be read"), std::string::npos) << answer.body;
}

TEST(Acl, AgentTokensCountFromTheMomentTheyAreSet) {
    GuardedWorld world;
    world.put("/v1/kv/k", "v");
    for (const char* type : {"default", "dns", "agent", "agent_recovery", "agent_master", "replication", "config_file_service_registration", "acl_token"})
        EXPECT_EQ(world.put("/v1/agent/token/" + std::string(type), R"({"Token":"root"})").status, 200) << type;
    EXPECT_EQ(world.put("/v1/agent/token/other", R"({"Token":"root"})").status, 404);
    EXPECT_EQ(world.acl->tokens().dns, root);
    world.as("");
    EXPECT_EQ(world.get("/v1/kv/k?raw").body, "v");
    World without;
    EXPECT_EQ(without.put("/v1/agent/token/default", R"({"Token":"x"})").status, 401);
}

// What somebody else's service is like is not to be learned from an alias check of one's own.
TEST(AclAliases, ShowWhatTheirOwnerMaySee) {
    GuardedWorld world;
    world.put("/v1/catalog/register", R"({"Node":"node1","Address":"10.0.0.1","ID":"11111111-1111-4111-8111-111111111111"})");
    world.put("/v1/agent/service/register", R"({"Name":"db","ID":"db1","Check":{"CheckID":"db1","TTL":"1m","Status":"passing"}})");
    const std::string alias = R"({"Name":"web","Checks":[{"CheckID":"a","AliasService":"db1"}]})";
    world.with("service \"web\" { policy = \"write\" }");
    EXPECT_EQ(world.put("/v1/agent/service/register", alias).status, 403); // the node's checks count too
    world.with("service \"web\" { policy = \"write\" } node_prefix \"\" { policy = \"read\" }");
    const auto refused = world.put("/v1/agent/service/register", alias);
    EXPECT_EQ(refused.status, 403);
    EXPECT_NE(refused.body.find("lacks permission 'service:read' on \"db\""), std::string::npos) << refused.body;
    EXPECT_EQ(world.put("/v1/agent/check/register", R"({"Name":"n","AliasNode":"node1"})").status, 403); // node:write, as for any check of the node
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"web","ID":"w","Checks":[{"CheckID":"own","AliasService":"w"}]})").status, 200);
    world.with("service \"web\" { policy = \"write\" } service_prefix \"\" { policy = \"read\" } node_prefix \"\" { policy = \"read\" }");
    EXPECT_EQ(world.put("/v1/agent/service/register", alias).status, 200);
    const auto check = [&] { return world.model.find<Check>(key_of("node1", "a")); };
    EXPECT_EQ(check()->status, Status::passing);

    // Another service under the id is not the one that he was permitted to see.
    world.as(root);
    world.put("/v1/agent/check/fail/db1?note=disk+full");
    EXPECT_NE(check()->output.find("disk full"), std::string::npos);
    world.put("/v1/agent/service/register", R"({"Name":"payroll","ID":"db1"})");
    EXPECT_EQ(check()->output, "Service db1 could not be found on node node1");
    world.put("/v1/agent/service/register", R"({"Name":"db","ID":"db1"})");
    EXPECT_NE(check()->output.find("disk full"), std::string::npos);
}

TEST(AclAliases, OfWhatIsNotThereYetTakeItsIdForItsName) {
    GuardedWorld world;
    world.put("/v1/catalog/register", R"({"Node":"node1","Address":"10.0.0.1","ID":"11111111-1111-4111-8111-111111111111"})");
    world.with("service \"web\" { policy = \"write\" } service \"db\" { policy = \"read\" } node_prefix \"\" { policy = \"read\" }");
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"web","Checks":[{"CheckID":"a","AliasService":"secret"}]})").status, 403);
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"web","Checks":[{"CheckID":"a","AliasService":"db"}]})").status, 200);
    world.as(root);
    world.put("/v1/agent/service/register", R"({"Name":"payroll","ID":"db"})");
    EXPECT_EQ(world.model.find<Check>(key_of("node1", "a"))->status, Status::critical);
    world.put("/v1/agent/service/register", R"({"Name":"db","ID":"db"})");
    EXPECT_EQ(world.model.find<Check>(key_of("node1", "a"))->status, Status::passing);
    // The configuration of the daemon, and who may everything, may name anything.
    EXPECT_EQ(world.put("/v1/agent/check/register", R"({"CheckID":"b","Name":"b","AliasService":"none"})").status, 200);
    EXPECT_FALSE(world.model.find<Check>(key_of("node1", "b"))->definition.alias_of->service_name);
}

// ---- the routes

/// A world in which every route has something to show.
void furnish(GuardedWorld& world) {
    const auto did = [&](const World::Answered& answer) { EXPECT_EQ(answer.status, 200) << answer.body; };
    did(world.put("/v1/catalog/register", R"({"Node":"node1","Address":"10.0.0.1","ID":"11111111-1111-4111-8111-111111111111",
        "Check":{"CheckID":"serfHealth","Name":"s","Status":"passing"}})"));
    world.register_web("web1", 80, R"(,"Check":{"TTL":"10s","Status":"passing"})");
    did(world.put("/v1/kv/a/b", "v"));
    did(world.put("/v1/event/fire/deploy", "p"));
    did(world.post("/v1/query", R"({"Name":"q","Service":{"Service":"web"}})"));
}

struct Sample {
    http::Method method;
    std::string route;
    std::string target; // "<session>", "<query>", "<token>", "<policy>", "<role>" stand for ids
    std::string body;
    std::string refusal; // of who may nothing: the permission that is missing, or "empty" for a list that is, or "open"
};

std::vector<Sample> samples() {
    using enum http::Method;
    const std::string on_web = "service:write' on \"web\"", on_node = "node:write' on \"node1\"", read_web = "service:read' on \"web\"";
    return {
        {get, "agent/services", "agent/services", "", "empty"},
        {get, "agent/service/", "agent/service/web1", "", read_web},
        {put, "agent/service/register", "agent/service/register", R"({"Name":"web"})", on_web},
        {put, "agent/service/deregister/", "agent/service/deregister/web1", "", on_web},
        {put, "agent/service/maintenance/", "agent/service/maintenance/web1?enable=true", "", on_web},
        {put, "agent/maintenance", "agent/maintenance?enable=true", "", on_node},
        {get, "agent/checks", "agent/checks", "", "empty"},
        {put, "agent/check/register", "agent/check/register", R"({"Name":"c","TTL":"1s"})", on_node},
        {put, "agent/check/deregister/", "agent/check/deregister/service:web1", "", on_web},
        {put, "agent/check/pass/", "agent/check/pass/service:web1", "", on_web},
        {put, "agent/check/warn/", "agent/check/warn/service:web1", "", on_web},
        {put, "agent/check/fail/", "agent/check/fail/service:web1", "", on_web},
        {put, "agent/check/update/", "agent/check/update/service:web1", R"({"Status":"passing"})", on_web},
        {get, "agent/self", "agent/self", "", "agent:read' on \"node1\""},
        {get, "agent/members", "agent/members", "", "empty"},
        {put, "catalog/register", "catalog/register", R"({"Node":"node1","Address":"10.9.9.9"})", on_node},
        {put, "catalog/deregister", "catalog/deregister", R"({"Node":"node1"})", on_node},
        {get, "catalog/datacenters", "catalog/datacenters", "", "open"},
        {get, "catalog/nodes", "catalog/nodes", "", "empty"},
        {get, "catalog/services", "catalog/services", "", "empty"},
        {get, "catalog/service/", "catalog/service/web", "", "empty"},
        {get, "catalog/node/", "catalog/node/node1", "", "empty"},
        {get, "catalog/node-services/", "catalog/node-services/node1", "", "empty"},
        {get, "health/service/", "health/service/web", "", "empty"},
        {get, "health/node/", "health/node/node1", "", "empty"},
        {get, "health/checks/", "health/checks/web", "", "empty"},
        {get, "health/state/", "health/state/any", "", "empty"},
        {get, "status/leader", "status/leader", "", "open"},
        {get, "status/peers", "status/peers", "", "open"},
        {get, "kv/", "kv/a/b", "", "key:read' on \"a/b\""},
        {put, "kv/", "kv/a/b", "w", "key:write' on \"a/b\""},
        {delete_, "kv/", "kv/a/b", "", "key:write' on \"a/b\""},
        {put, "session/create", "session/create", R"({"Node":"node1"})", "session:write' on \"node1\""},
        {put, "session/destroy/", "session/destroy/<session>", "", "session:write' on \"node1\""},
        {put, "session/renew/", "session/renew/<session>", "", "session:write' on \"node1\""},
        {get, "session/info/", "session/info/<session>", "", "empty"},
        {get, "session/node/", "session/node/node1", "", "empty"},
        {get, "session/list", "session/list", "", "empty"},
        {put, "txn", "txn", R"([{"KV":{"Verb":"set","Key":"a/b","Value":"eA=="}}])", "key:write' on \\\"a/b\\\""},
        {put, "event/fire/", "event/fire/deploy", "", "event:write' on \"deploy\""},
        {get, "event/list", "event/list", "", "empty"},
        {post, "query", "query", R"({"Name":"r","Service":{"Service":"web"}})", "query:write' on \"r\""},
        {get, "query", "query", "", "empty"},
        {get, "query/", "query/<query>", "", "query:read' on \"q\""},
        {put, "query/", "query/<query>", R"({"Name":"q","Service":{"Service":"web"}})", "query:write' on \"q\""},
        {delete_, "query/", "query/<query>", "", "query:write' on \"q\""},
        {get, "snapshot", "snapshot", "", "acl:write'"},
        {put, "snapshot", "snapshot", "", "acl:write'"},
        {get, "agent/health/service/id/", "agent/health/service/id/web1", "", read_web},
        {get, "agent/health/service/name/", "agent/health/service/name/web", "", read_web},
        {get, "agent/version", "agent/version", "", "open"},
        {get, "agent/metrics", "agent/metrics", "", "agent:read' on \"node1\""},
        {get, "agent/monitor", "agent/monitor", "", "agent:read' on \"node1\""},
        {get, "coordinate/datacenters", "coordinate/datacenters", "", "open"},
        {get, "coordinate/nodes", "coordinate/nodes", "", "open"}, // there are none
        {get, "coordinate/node/", "coordinate/node/node1", "", "node:read' on \"node1\""},
        {get, "operator/raft/configuration", "operator/raft/configuration", "", "operator:read'"},
        {get, "agent/host", "agent/host", "", "operator:read'"},
        {put, "agent/reload", "agent/reload", "", "agent:write' on \"node1\""},
        {put, "agent/leave", "agent/leave", "", "agent:write' on \"node1\""},
        {put, "agent/force-leave/", "agent/force-leave/node1", "", "operator:write'"},
        {put, "agent/token/", "agent/token/default", R"({"Token":""})", "agent:write' on \"node1\""},
        {put, "acl/bootstrap", "acl/bootstrap", "", "Permission denied: ACL bootstrap no longer allowed"},
        {get, "acl/replication", "acl/replication", "", "open"},
        {get, "acl/tokens", "acl/tokens", "", "acl:read'"},
        {put, "acl/token", "acl/token", "{}", "acl:write'"},
        {get, "acl/token/self", "acl/token/self", "", "open"},
        {get, "acl/token/", "acl/token/<token>", "", "acl:read'"},
        {put, "acl/token/", "acl/token/<token>", "{}", "acl:write'"},
        {delete_, "acl/token/", "acl/token/<token>", "", "acl:write'"},
        {get, "acl/policies", "acl/policies", "", "acl:read'"},
        {put, "acl/policy", "acl/policy", R"({"Name":"new"})", "acl:write'"},
        {get, "acl/policy/name/", "acl/policy/name/p1", "", "acl:read'"},
        {get, "acl/policy/", "acl/policy/<policy>", "", "acl:read'"},
        {put, "acl/policy/", "acl/policy/<policy>", R"({"Name":"p1"})", "acl:write'"},
        {delete_, "acl/policy/", "acl/policy/<policy>", "", "acl:write'"},
        {get, "acl/roles", "acl/roles", "", "acl:read'"},
        {put, "acl/role", "acl/role", R"({"Name":"new"})", "acl:write'"},
        {get, "acl/role/name/", "acl/role/name/role", "", "acl:read'"},
        {get, "acl/role/", "acl/role/<role>", "", "acl:read'"},
        {put, "acl/role/", "acl/role/<role>", R"({"Name":"role"})", "acl:write'"},
        {delete_, "acl/role/", "acl/role/<role>", "", "acl:write'"},
    };
}

TEST(AclRouteTable, EveryRouteSaysHowItIsGuardedAndHasASampleHere) {
    std::multiset<std::string> known, tested;
    const auto name = [](http::Method method, std::string_view path) { return std::string(http::to_string(method)) + ' ' + std::string(path); };
    for (const api::RouteInfo& route : api::routes_info()) {
        EXPECT_NE(route.guard, api::Guard::undecided) << route.path;
        known.insert(name(route.method, route.path));
    }
    for (const Sample& sample : samples()) tested.insert(name(sample.method, sample.route));
    EXPECT_EQ(known, tested);
}

bool is_empty(const std::string& body) {
    for (const char* nothing : {"[]", "{}", "null", R"({"Node":null,"Services":[]})"})
        if (body == nothing) return true;
    return false;
}

class AclRoutes : public ::testing::TestWithParam<Sample> {};

// With management each route does something; with a token that may nothing it refuses in Consul's words, or its list is empty and says that
// something is missing; and it changes nothing.
TEST_P(AclRoutes, RefusesWhoMayNothing) {
    const Sample& sample = GetParam();
    GuardedWorld world;
    furnish(world);
    const auto control = std::make_shared<api::Control>();
    control->leave = [] {};
    world.agent.control = control;
    const std::string nobody = world.token(""); // policy p1
    const std::map<std::string, std::string> ids = {
        {"<session>", world.put("/v1/session/create", R"({"Node":"node1"})").at("/ID").as_string()},
        {"<query>", world.get("/v1/query").at("/0/ID").as_string()},
        {"<token>", world.put("/v1/acl/token", "{}").at("/AccessorID").as_string()},
        {"<policy>", world.get("/v1/acl/policy/name/p1").at("/ID").as_string()},
        {"<role>", world.put("/v1/acl/role", R"({"Name":"role"})").at("/ID").as_string()},
    };
    std::string target = "/v1/" + sample.target;
    for (const auto& [mark, id] : ids)
        if (const auto at = target.find(mark); at != std::string::npos) target.replace(at, mark.size(), id);

    const auto before = world.store.pairs;
    for (const std::string& who : {std::string("anonymous"), nobody, std::string("77777777-7777-4777-8777-777777777777")}) {
        world.as(who);
        const bool is_token = who == nobody, is_known = is_token || who == "anonymous";
        const auto answer = world.call(sample.method, target, sample.body);
        if (sample.refusal == "open") {
            if (sample.route == "acl/token/self")
                EXPECT_EQ(answer.status, is_known ? 200 : 403) << answer.body;
            else
                EXPECT_EQ(answer.status, is_known || sample.route != "coordinate/nodes" ? 200 : 403) << answer.body;
        } else if (!is_known && sample.route != "acl/bootstrap") {
            EXPECT_EQ(answer.status, 403);
            EXPECT_EQ(answer.body, "ACL not found");
        } else if (sample.refusal == "empty") {
            EXPECT_EQ(answer.status, 200) << answer.body;
            EXPECT_TRUE(is_empty(answer.body)) << answer.body;
            EXPECT_EQ(answer.filtered, is_token);
        } else {
            EXPECT_EQ(answer.status, sample.route == "txn" ? 409 : 403) << answer.body;
            EXPECT_NE(answer.body.find(sample.refusal), std::string::npos) << answer.body;
        }
    }
    EXPECT_EQ(world.store.pairs, before);

    world.as(root);
    const auto answer = world.call(sample.method, target, sample.body);
    const bool refused_to_all = sample.route == "acl/bootstrap" || sample.target == "snapshot" || sample.route == "coordinate/node/";
    if (!refused_to_all || sample.method == http::Method::get) {
        EXPECT_EQ(answer.status, sample.route == "coordinate/node/" ? 404 : 200) << answer.body;
    }
    if (sample.refusal == "empty") {
        EXPECT_FALSE(is_empty(answer.body));
        EXPECT_FALSE(answer.filtered);
    }
}

std::string title(const ::testing::TestParamInfo<Sample>& sample) {
    std::string name = std::string(http::to_string(sample.param.method)) + '_' + sample.param.route;
    std::replace_if(name.begin(), name.end(), [](char c) { return !ascii::is_alnum(c); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(All, AclRoutes, ::testing::ValuesIn(samples()), title);

// ---- what the rules mean

TEST(AclMeaning, ListsHoldWhatMayBeSeenAndSayThatSomethingIsMissing) {
    GuardedWorld world;
    furnish(world);
    world.put("/v1/agent/service/register", R"({"Name":"db"})");
    world.put("/v1/catalog/register", R"({"Node":"node2","Address":"10.0.0.2","Service":{"Service":"web","ID":"web2"}})");
    world.with(R"(service "web" { policy = "read" } node "node1" { policy = "read" })");
    EXPECT_EQ(world.get("/v1/catalog/services").body, R"({"web":[]})");
    EXPECT_TRUE(world.get("/v1/catalog/services").filtered);
    EXPECT_EQ(world.get("/v1/catalog/nodes").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 1u);
    EXPECT_TRUE(world.get("/v1/health/service/web").filtered);
    EXPECT_EQ(world.get("/v1/catalog/node/node1").at("/Services").size(), 1u);
    EXPECT_EQ(world.get("/v1/catalog/node/node2").body, "null");
    EXPECT_EQ(world.get("/v1/agent/services").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/query/q/execute").at("/Nodes").size(), 1u);
    EXPECT_TRUE(world.get("/v1/query/q/execute").filtered);
    // The answer that is kept for all is only for who may see all of it.
    world.as(root);
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 2u);
    world.with(R"(service "web" { policy = "read" } node_prefix "" { policy = "read" })");
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 2u);
    EXPECT_FALSE(world.get("/v1/health/service/web").filtered);
    world.with(R"(service "web" { policy = "read" } node_prefix "" { policy = "read" } node "node2" { policy = "deny" })");
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 1u);
}

TEST(AclMeaning, KeysAreReadListedWrittenAndDeletedByTheirOwnRules) {
    GuardedWorld world(false, true);
    for (const char* key : {"a/1", "a/2", "b/1"}) world.put("/v1/kv/" + std::string(key), "v");
    world.with(R"(key_prefix "a/" { policy = "list" } key_prefix "b/" { policy = "read" } key_prefix "c/" { policy = "write" })");
    EXPECT_EQ(world.get("/v1/kv/a/?keys").body, R"(["a/1","a/2"])");
    EXPECT_EQ(world.get("/v1/kv/a/?recurse").json().size(), 2u);
    EXPECT_NE(world.get("/v1/kv/b/?keys").body.find("lacks permission 'key:list' on \"b/\""), std::string::npos);
    EXPECT_EQ(world.get("/v1/kv/b/1?raw").body, "v");
    EXPECT_EQ(world.put("/v1/kv/a/1", "w").status, 403);
    EXPECT_EQ(world.put("/v1/kv/c/1", "w").body, "true");
    EXPECT_EQ(world.del("/v1/kv/c/?recurse").body, "true");
    EXPECT_EQ(world.del("/v1/kv/a/?recurse").status, 403);
    EXPECT_EQ(world.del("/v1/kv/?recurse").status, 403);
    GuardedWorld plain;
    for (const char* key : {"a/1", "b/1"}) plain.put("/v1/kv/" + std::string(key), "v");
    plain.with(R"(key_prefix "b/" { policy = "read" })");
    EXPECT_EQ(plain.get("/v1/kv/?keys").body, R"(["b/1"])");
    EXPECT_TRUE(plain.get("/v1/kv/?keys").filtered);
    EXPECT_EQ(plain.get("/v1/kv/a/?recurse").status, 404);
}

TEST(AclMeaning, WhatTakesThePlaceOfAnotherNeedsBoth) {
    GuardedWorld world;
    furnish(world);
    world.put("/v1/agent/service/register", R"({"Name":"db","ID":"db1","Check":{"CheckID":"dbc","TTL":"10s"}})");
    world.with(R"(service "mine" { policy = "write" })");
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"mine"})").status, 200);
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"mine","ID":"db1"})").status, 403);
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"mine","Check":{"CheckID":"dbc","TTL":"1s"}})").status, 403);
    EXPECT_EQ(world.put("/v1/agent/check/register", R"({"Name":"dbc","ServiceID":"mine","TTL":"1s"})").status, 403);
    EXPECT_EQ(world.put("/v1/agent/check/register", R"({"Name":"own","ServiceID":"mine","TTL":"1s"})").status, 200);
    EXPECT_EQ(world.put("/v1/agent/check/register", R"({"Name":"x","ServiceID":"db1","TTL":"1s"})").status, 403);
    const std::string node = R"({"Node":"node1","Address":"10.0.0.1")";
    EXPECT_EQ(world.put("/v1/catalog/register", node + R"(,"Service":{"Service":"mine","ID":"m2"},"Check":{"Name":"mc","ServiceID":"m2"}})").status, 200);
    EXPECT_EQ(world.put("/v1/catalog/register", node + R"(,"Service":{"Service":"mine","ID":"db1"}})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/register", node + R"(,"Check":{"Name":"of the node"}})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/register", node + R"(,"Check":{"Name":"dbc","ServiceID":"mine"}})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/register", R"({"Node":"other","Address":"10.0.0.3","Service":{"Service":"mine"}})").status, 403); // a new node
    EXPECT_EQ(world.put("/v1/catalog/register", R"({"Node":"node1","SkipNodeUpdate":true,"Service":{"Service":"mine"}})").status, 200);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","ServiceID":"m2"})").status, 200);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","ServiceID":"db1"})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","CheckID":"dbc"})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","CheckID":"absent"})").status, 403);
    world.with(R"(node "node1" { policy = "write" })"); // whose is the node, his is what is on it
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","ServiceID":"db1"})").status, 200);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","ServiceID":"web1"})").status, 200);
}

TEST(AclMeaning, ATransactionIsRefusedWholeAndShowsWhatMayBeSeen) {
    GuardedWorld world;
    furnish(world);
    world.put("/v1/kv/secret", "s");
    world.with(R"(key_prefix "a/" { policy = "write" } key "secret" { policy = "deny" }
                  service "mine" { policy = "write" } node "node2" { policy = "write" })");
    const auto refused = world.put("/v1/txn", R"([{"KV":{"Verb":"set","Key":"a/x","Value":"eA=="}},{"KV":{"Verb":"delete","Key":"secret"}},
                                                  {"KV":{"Verb":"delete-tree","Key":""}},{"KV":{"Verb":"check-index","Key":"secret","Index":1}},
                                                  {"Service":{"Verb":"delete","Node":"node1","Service":{"ID":"web1"}}},
                                                  {"Check":{"Verb":"delete","Check":{"Node":"node1","CheckID":"service:web1"}}},
                                                  {"Node":{"Verb":"set","Node":{"Node":"node1","Address":"9.9.9.9"}}}])");
    EXPECT_EQ(refused.status, 409);
    ASSERT_EQ(refused.at("/Errors").size(), 6u) << refused.body;
    EXPECT_EQ(refused.at("/Errors/0/OpIndex"), Json(1));
    EXPECT_NE(refused.at("/Errors/0/What").as_string().find("lacks permission 'key:write' on \"secret\""), std::string::npos);
    EXPECT_EQ(world.model.find<KvEntry>("a/x"), nullptr);
    const auto shown = world.put("/v1/txn", R"([{"KV":{"Verb":"set","Key":"a/x","Value":"eA=="}},{"KV":{"Verb":"get","Key":"secret"}},
                                                {"KV":{"Verb":"get-tree","Key":""}},
                                                {"Node":{"Verb":"set","Node":{"Node":"node2","Address":"10.0.0.2"}}},
                                                {"Service":{"Verb":"set","Node":"node2","Service":{"ID":"m","Service":"mine"}}},
                                                {"Check":{"Verb":"set","Check":{"Node":"node2","CheckID":"mc","Name":"mc","ServiceID":"m"}}},
                                                {"Service":{"Verb":"get","Node":"node1","Service":{"ID":"web1"}}},
                                                {"Check":{"Verb":"get","Check":{"Node":"node1","CheckID":"service:web1"}}},
                                                {"Node":{"Verb":"get","Node":{"Node":"node1"}}}])");
    ASSERT_EQ(shown.status, 200) << shown.body;
    EXPECT_TRUE(shown.filtered);
    EXPECT_EQ(shown.body.find("secret"), std::string::npos);
    EXPECT_EQ(shown.body.find("node1"), std::string::npos);
    EXPECT_EQ(shown.at("/Results").size(), 6u) << shown.body; // a/x, of the tree a/b and a/x, node2, mine, its check
}

TEST(AclMeaning, AQueryMayHaveATokenOfItsOwnWhichNobodyReads) {
    GuardedWorld world;
    furnish(world);
    const std::string reads = world.token(R"(service_prefix "" { policy = "read" } node_prefix "" { policy = "read" })");
    const std::string makes = world.token(R"(query_prefix "" { policy = "write" })");
    world.as(makes);
    const auto made = world.post("/v1/query", R"({"Name":"mine","Token":")" + reads + R"(","Service":{"Service":"web"}})");
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string path = "/v1/query/" + made.at("/ID").as_string();
    for (const auto& [key, value] : world.store.pairs) EXPECT_EQ(value.find(reads), std::string::npos) << key;
    EXPECT_EQ(world.get(path).at("/0/Token"), Json("<hidden>"));
    EXPECT_EQ(world.get(path + "/explain").at("/Query/Token"), Json("<hidden>"));
    EXPECT_EQ(world.get(path + "/execute").at("/Nodes").size(), 1u);
    EXPECT_EQ(world.put(path, R"({"Name":"mine","Token":"<hidden>","Service":{"Service":"web"}})").status, 200);
    EXPECT_EQ(world.get(path + "/execute").at("/Nodes").size(), 1u);
    EXPECT_EQ(world.put(path, R"({"Name":"mine","Service":{"Service":"web"}})").status, 200);
    EXPECT_EQ(world.get(path + "/execute").at("/Nodes").size(), 0u);
    EXPECT_EQ(world.put(path, R"({"Name":"mine","Token":"no token","Service":{"Service":"web"}})").status, 200);
    EXPECT_EQ(world.get(path + "/execute").status, 403);
    world.with(R"(query "other" { policy = "write" })");
    EXPECT_EQ(world.put(path, R"({"Name":"other","Service":{"Service":"web"}})").status, 403); // it is still named mine
    // One without a name is whose id it is; only who may write the rules sees it in lists.
    const std::string session = [&] {
        world.as(root);
        return world.put("/v1/session/create", R"({"Node":"node1"})").at("/ID").as_string();
    }();
    const std::string nameless = world.post("/v1/query", R"({"Session":")" + session + R"(","Service":{"Service":"web"}})").at("/ID").as_string();
    EXPECT_EQ(world.get("/v1/query").json().size(), 3u);
    world.as(makes);
    EXPECT_EQ(world.get("/v1/query").json().size(), 2u);
    EXPECT_EQ(world.get("/v1/query/" + nameless).status, 200);
}

TEST(AclMeaning, AllowByDefaultKeepsTheRulesAndSnapshotsClosed) {
    GuardedWorld world(true);
    furnish(world);
    world.as("");
    EXPECT_EQ(world.put("/v1/kv/x", "y").body, "true");
    EXPECT_EQ(world.get("/v1/agent/members").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/operator/raft/configuration").status, 200);
    EXPECT_EQ(world.get("/v1/acl/tokens").status, 403);
    EXPECT_EQ(world.get("/v1/snapshot").status, 403);
    EXPECT_EQ(world.del("/v1/kv/?recurse").body, "true");
    world.with(R"(key_prefix "closed/" { policy = "deny" })");
    EXPECT_EQ(world.put("/v1/kv/closed/x", "y").status, 403);
    EXPECT_EQ(world.del("/v1/kv/?recurse").status, 403);
    EXPECT_EQ(world.put("/v1/kv/open", "y").body, "true");
}

TEST(AclMeaning, EventsAreHeardByWhoMayReadThem) {
    GuardedWorld world;
    world.put("/v1/event/fire/one");
    world.put("/v1/event/fire/two");
    const auto all = world.get("/v1/event/list");
    world.with(R"(event "one" { policy = "read" })");
    const auto some = world.get("/v1/event/list");
    EXPECT_EQ(some.json().size(), 1u);
    EXPECT_TRUE(some.filtered);
    EXPECT_NE(some.index, all.index); // it is told the id of the last event it may see
}

TEST(AclMeaning, DnsAnswersWhatItsTokenMaySee) {
    GuardedWorld world;
    furnish(world);
    Access access = Access::by_rules(std::make_shared<const Rules>(), false, "x");
    dns::Zone zone(world.model, {}, [&](const std::string& query_token) { return query_token.empty() ? access : Access(); });
    const auto code_of = [&](const std::string& text) {
        dns::Query query;
        query.name = dns::name_of(text);
        query.type = static_cast<std::uint16_t>(dns::Type::any);
        query.class_ = dns::class_in;
        const dns::Answer answer = zone.answer(query);
        return answer.answers.empty() ? std::string(answer.code == dns::Code::name_error ? "nobody" : "nothing") : std::string("found");
    };
    for (const char* name : {"web.service.consul", "node1.node.consul", "q.query.consul", "1.0.0.10.in-addr.arpa"}) EXPECT_EQ(code_of(name), "nobody") << name;
    access = Access::by_rules(std::make_shared<const Rules>(parse_policy(R"(service "web" { policy = "read" } node "node1" { policy = "read" })")), false, "x");
    for (const char* name : {"web.service.consul", "node1.node.consul", "q.query.consul", "1.0.0.10.in-addr.arpa"}) EXPECT_EQ(code_of(name), "found") << name;
    // A query with a token of its own is answered with what that may see.
    world.post("/v1/query", R"({"Name":"own","Token":"t","Service":{"Service":"web"}})");
    access = Access::by_rules(std::make_shared<const Rules>(), false, "x");
    EXPECT_EQ(code_of("own.query.consul"), "found");
    EXPECT_EQ(code_of("web.service.consul"), "nobody");
    // Of the daemon: the token for DNS, the default one, or what anybody may.
    world.acl->tokens().dns = "unknown";
    EXPECT_TRUE(world.acl->dns_access(world.model, world.now_us).is_anonymous());
    world.acl->tokens().dns = "";
    world.acl->tokens().default_token = root;
    EXPECT_TRUE(world.acl->dns_access(world.model, world.now_us).may_everything());
}

TEST(AclMeaning, ASecretIsFoundWhereClientsPutIt) {
    const auto secret = [](std::string_view query, std::initializer_list<std::pair<const char*, const char*>> fields) {
        http::Headers headers;
        for (const auto& [name, value] : fields) headers.add(name, value);
        return api::secret_in(headers, api::Query(*http::parse_query(query)));
    };
    EXPECT_EQ(secret("", {}), "");
    EXPECT_EQ(secret("", {{"x-consul-token", "a"}}), "a");
    EXPECT_EQ(secret("", {{"Authorization", "bearer  b"}}), "b");
    EXPECT_EQ(secret("", {{"Authorization", "Basic b"}}), "");
    EXPECT_EQ(secret("", {{"Authorization", "b"}}), "");
    EXPECT_EQ(secret("", {{"Authorization", "Bearer b"}, {"X-Consul-Token", "a"}}), "a");
    EXPECT_EQ(secret("token=q", {{"X-Consul-Token", "a"}}), "q");
}

} // namespace
} // namespace gravity::registry::test
