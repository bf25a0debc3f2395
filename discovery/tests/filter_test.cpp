// Filter expressions: the grammar of go-bexpr, on the lists that Consul filters.
#include "filter.hpp"
#include "world.hpp"

#include <gravity/json/codec.hpp>
#include <gravity/meta/describe.hpp>

namespace gravity::registry::test {

struct Part {
    std::string name;
    int port = 0;
};
BOOST_DESCRIBE_STRUCT(Part, (), (name, port))

struct Thing {
    std::string Name;
    std::optional<std::string> Note;
    int Port = 0;
    bool Up = false;
    std::vector<std::string> Tags;
    std::vector<int> Ports;
    std::map<std::string, std::string, std::less<>> Meta;
    Part Inner;
    std::vector<Part> Parts;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (Name, Note, Port, Up, Tags, Ports, Meta, Inner, Parts))

namespace {

const Thing thing{"web one", {}, 80, true, {"blue", "eu"}, {1, 2}, {{"v", "2"}, {"a-b", "x"}, {"empty", ""}}, {"inner", 7}, {{"p1", 1}, {"p2", 2}}};

bool matches(std::string_view text) { return Filter::parse(text, meta::type_of<Thing>()).matches(json::to_document(thing)); }

std::string refusal(std::string_view text) {
    try {
        (void)Filter::parse(text, meta::type_of<Thing>());
    } catch (const FilterError& error) {
        return error.what();
    }
    return {};
}

TEST(Filter, WhatMatches) {
    for (const char* text : {
             R"(Name == "web one")",
             R"(Name=="web one")",
             R"(Name != "x")",
             "Name == `web one`",
             "Port == 80",
             "Port!=81",
             "Up == true",
             "Up != f",
             R"("blue" in Tags)",
             "blue in Tags",
             R"(Tags contains "eu")",
             R"("red" not in Tags)",
             R"(Tags not contains "red")",
             "Tags is not empty",
             "2 in Ports",
             "3 not in Ports",
             R"(Meta.v == "2")",
             "Meta.v == 2",
             R"(Meta["a-b"] == "x")",
             R"("/Meta/a-b" == x)",
             R"("v" in Meta)",
             R"("w" not in Meta)",
             "Meta is not empty",
             "Meta.empty is empty",
             R"(Name matches "^web")",
             R"(Name not matches "^one")",
             R"("eb o" in Name)",
             "Inner.name == inner",
             "Inner.port == 7",
             R"(Parts.name == "p2")",
             "Parts.port == 2",
             "  Port==80  ",
             "(Port==80)",
             "not Port == 81",
             "not (Port == 81)",
             "not not Port == 80",
             "Port == 81 or Port == 80",
             "Port == 80 and Up == true",
             "Port == 80 or Port == 81 and Up == false", // and binds stronger
             "(Port == 81 or Port == 80) and not (Up == false)",
             R"(Name == "web\x20one")",
             "",
         })
        EXPECT_TRUE(matches(text)) << text << " " << refusal(text);
}

TEST(Filter, WhatDoesNot) {
    for (const char* text : {
             R"(Name == "web")",
             "Port == 81",
             "Up == false",
             R"("red" in Tags)",
             "Tags is empty",
             R"(Tags not contains "eu")",
             R"(Name matches "^one")",
             R"(Meta.v == "3")",
             "Meta is empty",
             "not Port == 80",
             "Port == 80 and Up == false",
             "(Port == 80 or Port == 81) and Up == false",
             R"(Parts.name == "p3")",
             "Name is empty",
             R"("zz" in Name)",
         })
        EXPECT_FALSE(matches(text)) << text;
}

TEST(Filter, WhatIsAbsentEqualsNothingAndIsEmpty) {
    for (const char* field : {"Meta.none", "Note"}) {
        const std::string name = field;
        EXPECT_FALSE(matches(name + " == x"));
        EXPECT_TRUE(matches(name + " != x"));
        EXPECT_TRUE(matches(name + " is empty"));
        EXPECT_FALSE(matches(name + " is not empty"));
        EXPECT_FALSE(matches("x in " + name));
        EXPECT_TRUE(matches("x not in " + name));
        EXPECT_FALSE(matches(name + " matches x"));
        EXPECT_TRUE(matches(name + " not matches x"));
    }
}

TEST(Filter, RefusesWhatItCannotMean) {
    const std::pair<const char*, const char*> cases[] = {
        {"Nmae == x", "Selector \"Nmae\" is not valid"},
        {"Name.first == x", "Selector \"Name.first\" is not valid"},
        {"Inner.nothing == x", "not valid"},
        {"Port == eighty", "not a number"},
        {"Up == maybe", "not a boolean"},
        {"Tags == blue", "Invalid match operator"},
        {"Port matches 8", "Invalid match operator"},
        {"Port is empty", "Invalid match operator"},
        {"Inner == x", "Invalid match operator"},
        {"x in Port", "Invalid match operator"},
        {R"(Name matches "(")", "bad regular expression"},
        {"Name", "no operator"},
        {"Name is", "no operator"},
        {"Name ==", "where a selector or a value should be"},
        {"Name == x y", "unexpected text"},
        {"Name == x and", "where a selector or a value should be"},
        {"(Name == x", "Unmatched parentheses"},
        {"Name == x)", "unexpected text"},
        {R"(Name == "x)", "Unterminated"},
        {R"(Name == "\q")", "unknown escape"},
        {R"(Meta["v == x)", "Unterminated"},
        {"Meta[v] == x", "an index is a quoted text"},
        {R"(Meta["v" == x)", "Unclosed index"},
        {"Meta. == x", "a name is missing"},
        {R"("text" == Name)", "is not a selector"},
        {"x in 5", "is not a selector"},
        {"& == x", "neither a selector nor a value"},
    };
    for (const auto& [text, why] : cases) EXPECT_NE(refusal(text).find(why), std::string::npos) << text << " -> " << refusal(text);
}

TEST(Filter, DepthAndLengthAreBounded) {
    constexpr std::size_t deepest = Filter::max_depth;
    const auto nested = [](std::size_t levels) { return std::string(levels, '(') + "Port==80" + std::string(levels, ')'); };
    EXPECT_EQ(refusal(nested(deepest)), "");
    EXPECT_NE(refusal(nested(deepest + 1)).find("too many levels"), std::string::npos);
    std::string chain = "Port==80"; // length alone makes no depth
    while (chain.size() < 9900) chain += " and Port==80";
    EXPECT_TRUE(matches(chain));
    EXPECT_NE(refusal(chain + std::string(200, ' ')).find("longer than"), std::string::npos);
}

TEST(Filter, EveryListThatConsulFilters) {
    World world;
    world.put("/v1/catalog/register", R"({"Node":"a","Address":"1.1.1.1","NodeMeta":{"rack":"1"},
        "Service":{"ID":"db1","Service":"db","Tags":["x"],"Meta":{"v":"1"}},"Check":{"CheckID":"c1","ServiceID":"db1","Status":"passing"}})");
    world.put("/v1/catalog/register", R"({"Node":"b","Address":"1.1.1.2","NodeMeta":{"rack":"2"},
        "Service":{"ID":"db2","Service":"db","Tags":["y"],"Meta":{"v":"2"}},"Check":{"CheckID":"c2","ServiceID":"db2","Status":"warning"}})");
    world.register_web("web1", 80, R"(,"Check":{"CheckID":"w","TTL":"10s"})");
    const std::tuple<const char*, const char*, std::size_t> cases[] = {
        {"/v1/catalog/nodes", R"(Meta.rack == "2")", 1},
        {"/v1/catalog/services", R"(ServiceMeta.v == "2")", 1},
        {"/v1/catalog/services", R"("nothing" in ServiceTags)", 0},
        {"/v1/catalog/service/db", R"(NodeMeta.rack == "1" and "x" in ServiceTags)", 1},
        {"/v1/catalog/node/a", "Service == db", 2}, // Node and Services
        {"/v1/catalog/node-services/a", "Service == db", 2},
        {"/v1/health/service/db", R"(Service.Meta.v == "2" and not ("canary" in Service.Tags))", 1},
        {"/v1/health/service/db", "Checks.Status == passing", 1},
        {"/v1/health/service/db", "Node.Node == c", 0},
        {"/v1/health/checks/db", "Status == warning", 1},
        {"/v1/health/node/a", "CheckID == c1", 1},
        {"/v1/health/state/any", "ServiceName == db", 2},
        {"/v1/agent/services", "Port == 80", 1},
        {"/v1/agent/services", "Port == 81", 0},
        {"/v1/agent/checks", "Status == critical", 1},
        {"/v1/agent/checks", "Status == passing", 0},
    };
    for (const auto& [target, filter, count] : cases) {
        const auto answer = world.get(std::string(target) + "?filter=" + http::percent_encode(filter));
        ASSERT_EQ(answer.status, 200) << target << " " << filter << " -> " << answer.body;
        EXPECT_EQ(answer.json().size(), count) << target << " " << filter << " -> " << answer.body;
        EXPECT_EQ(world.get(std::string(target) + "?filter=Bogus==1").status, 400) << target;
    }
    EXPECT_EQ(world.get("/v1/catalog/node/a?filter=Service==none").at("/Services"), Json::object());
}

} // namespace
} // namespace gravity::registry::test
