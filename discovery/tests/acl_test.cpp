// Access rules: tokens, policies and roles, and whose they are.
#include "guarded_world.hpp"
#include "snapshot.hpp"

#include <gravity/base/clock.hpp>

namespace gravity::registry::test {
namespace {

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

TEST(AclAliases, GoWithThePermissionOfTheirOwner) {
    GuardedWorld world;
    world.put("/v1/catalog/register", R"({"Node":"node1","Address":"10.0.0.1","ID":"11111111-1111-4111-8111-111111111111"})");
    world.put("/v1/agent/service/register", R"({"Name":"db","ID":"db1","Check":{"CheckID":"db1","TTL":"1m","Status":"passing"}})");
    world.put("/v1/acl/policy", R"({"Name":"own","Rules":"service \"web\" { policy = \"write\" } node_prefix \"\" { policy = \"read\" }"})");
    const std::string sees = world.put("/v1/acl/policy", R"({"Name":"sees","Rules":"service \"db\" { policy = \"read\" }"})").text("/ID");
    const auto token = world.put("/v1/acl/token", R"({"Policies":[{"Name":"own"},{"Name":"sees"}]})");
    world.as(token.text("/SecretID"));
    ASSERT_EQ(world.put("/v1/agent/service/register", R"({"Name":"web","Checks":[{"CheckID":"a","AliasService":"db1"}]})").status, 200);
    world.as(root);
    ASSERT_EQ(world.put("/v1/agent/check/register", R"({"CheckID":"roots","Name":"roots","AliasService":"db1"})").status, 200);
    const auto check = [&](std::string_view id) { return world.model.find<Check>(key_of("node1", id)); };
    // As the daemon does whenever the rules change; says how many checks that concerned.
    const auto review = [&] {
        const auto changes = changed_permissions(world.model, *world.acl, world.now_us);
        for (const PermitAlias& change : changes) world.run(change);
        EXPECT_TRUE(changed_permissions(world.model, *world.acl, world.now_us).empty()); // one review is enough
        return changes.size();
    };
    EXPECT_EQ(review(), 0u);
    EXPECT_EQ(check("a")->status, Status::passing);

    world.del("/v1/acl/policy/" + sees);
    EXPECT_EQ(review(), 1u);
    EXPECT_EQ(check("a")->status, Status::critical);
    EXPECT_EQ(check("a")->output, "Service db1 could not be found on node node1");
    EXPECT_EQ(check("roots")->status, Status::passing); // of one who may everything
    world.put("/v1/agent/check/fail/db1?note=disk+full");
    EXPECT_EQ(check("a")->output.find("disk full"), std::string::npos);
    EXPECT_NE(check("roots")->output.find("disk full"), std::string::npos);

    // Who gets it back sees again; who is deleted sees nothing.
    world.put("/v1/acl/policy", R"({"Name":"sees","Rules":"service \"db\" { policy = \"read\" }"})");
    world.put("/v1/acl/token/" + token.text("/AccessorID"), R"({"Policies":[{"Name":"own"},{"Name":"sees"}]})");
    EXPECT_EQ(review(), 1u);
    EXPECT_NE(check("a")->output.find("disk full"), std::string::npos);
    world.del("/v1/acl/token/" + token.text("/AccessorID"));
    EXPECT_EQ(review(), 1u);
    EXPECT_EQ(check("a")->output, "Service db1 could not be found on node node1");

    // Registered anew by another it is that one's.
    world.with("service \"web\" { policy = \"write\" } service_prefix \"\" { policy = \"read\" } node_prefix \"\" { policy = \"read\" }");
    ASSERT_EQ(world.put("/v1/agent/service/register", R"({"Name":"web","Checks":[{"CheckID":"a","AliasService":"db1"}]})").status, 200);
    EXPECT_NE(check("a")->output.find("disk full"), std::string::npos);
    EXPECT_EQ(review(), 0u);
}

} // namespace
} // namespace gravity::registry::test
