// Policies as they are written, and what their rules permit.
#include "access.hpp"
#include "acl_rules.hpp"
#include "hcl.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gravity::registry::test {
namespace {

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

} // namespace
} // namespace gravity::registry::test
