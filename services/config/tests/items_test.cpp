#include "items.hpp"
#include "problems.hpp"

#include <gravity/base/problem.hpp>

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

Json json(std::string_view text) { return Json::parse(text).or_throw(); }

std::string patched(std::string_view before, std::string_view patch) {
    Items items;
    apply_patch(items, json(before));
    apply_patch(items, json(patch));
    return to_json(items).dump();
}

/// "slug /pointer detail" of the first fault.
std::string refusal(std::string_view patch) {
    Items items;
    try {
        apply_patch(items, json(patch));
    } catch (const Refusal& refusal) {
        std::string text(refusal.problem().slug);
        if (!refusal.faults().empty()) text += " " + refusal.faults()[0].pointer + " " + refusal.faults()[0].detail;
        return text;
    }
    return "taken";
}

TEST(Items, AreFlattened) {
    EXPECT_EQ(patched("{}", R"({"server":{"port":8080,"tls":{"on":true}},"hosts":["a",{"name":"b","ports":[1,2]}],"a.b":1.5})"),
              R"({"a.b":1.5,"hosts[0]":"a","hosts[1].name":"b","hosts[1].ports[0]":1,"hosts[1].ports[1]":2,"server.port":8080,"server.tls.on":true})");
    EXPECT_EQ(patched("{}", R"({"none":[],"nothing":{}})"), R"({"none":[]})");
}

TEST(Items, AreChangedAsTheDocumentWouldBe) {
    EXPECT_EQ(patched(R"({"list":[1,2,3]})", R"({"list":[9]})"), R"({"list[0]":9})");
    EXPECT_EQ(patched(R"({"list":[1,2,3]})", R"({"list":[]})"), R"({"list":[]})");
    EXPECT_EQ(patched(R"({"list":[]})", R"({"list[0]":1})"), R"({"list[0]":1})");
    EXPECT_EQ(patched(R"({"list":[1,2]})", R"({"list[1]":5})"), R"({"list[0]":1,"list[1]":5})");
    EXPECT_EQ(patched(R"({"list":[1,2]})", R"({"list":{"a":1}})"), R"({"list.a":1})");
    EXPECT_EQ(patched(R"({"a":{"b":1,"c":2},"ab":3})", R"({"a":null})"), R"({"ab":3})");
    EXPECT_EQ(patched(R"({"a":{"b":1,"c":2}})", R"({"a":{"b":null}})"), R"({"a.c":2})");
    EXPECT_EQ(patched(R"({"a":{"b":1}})", R"({"a":7})"), R"({"a":7})");
    EXPECT_EQ(patched(R"({"a":7})", R"({"a":{"b":1}})"), R"({"a.b":1})");
    EXPECT_EQ(patched(R"({"a":{"b":1}})", R"({"x":null})"), R"({"a.b":1})");
    EXPECT_EQ(patched(R"({"a":7})", R"({"a.b":null,"a[0]":null})"), R"({"a":7})") << "there is nothing below it to take away";
    EXPECT_EQ(patched(R"({"a":{"b":1}})", R"({"a":7,"a.b":null})"), R"({"a":7})");
    EXPECT_EQ(patched(R"({"a":{"b":1},"l":[1],"v":7})", R"({"a":{},"l":{},"v":{"x":null}})"), R"({"a.b":1})") << "as RFC 7396 has it";
}

TEST(Items, AreSaidOnceInAChange) {
    EXPECT_EQ(refusal(R"({"a.b":1,"a":{"b":2}})"), "invalid-value /items/a.b stands twice");
    EXPECT_EQ(refusal(R"({"l":[1,2],"l[1]":3})"), "invalid-value /items/l[1] stands twice");
    EXPECT_EQ(refusal(R"({"a":1,"a.b":2})"), "invalid-value /items/a contradicts another key of the same change");
    EXPECT_EQ(refusal(R"({"a":{"b":1},"a.b":{"c":2}})"), "invalid-value /items/a.b contradicts another key of the same change");
    EXPECT_EQ(refusal(R"({"a":{"b":[1]},"a.b":null})"), "invalid-value /items/a.b[0] contradicts another key of the same change");
    EXPECT_EQ(patched(R"({"a":[1,2,3]})", R"({"a":null,"a.b":2,"a.c":3})"), R"({"a.b":2,"a.c":3})") << "in the place of what was there";
}

TEST(Items, HaveKeysOfAForm) {
    EXPECT_EQ(refusal(R"({"__proto__":1})"), "invalid-value /items/__proto__ must not be named __proto__");
    EXPECT_EQ(refusal(R"({"a.__proto__.b":1})"), "invalid-value /items/a.__proto__.b must not be named __proto__");
    EXPECT_EQ(refusal(R"({"a..b":1})"), "invalid-value /items/a..b has a part without a name");
    for (const std::string bad : {".a", "a.", "a.[0]"}) EXPECT_EQ(refusal("{\"" + bad + "\":1}"),
                                                                  "invalid-value /items/" + bad + " has a part without a name");
    for (const std::string bad : {"[0]", "a[", "a[]", "a[x]", "a[-1]", "a[01]", "a[10000]", "a[99999999999999999999]", "a]", "a[0"})
        EXPECT_EQ(refusal("{\"" + bad + "\":1}"), "invalid-value /items/" + bad + " has brackets that are no place in a list");
    EXPECT_EQ(refusal(R"({"a[0]b":1})"), "invalid-value /items/a[0]b has a name right behind brackets");
    EXPECT_EQ(refusal(R"({"":1})"), "invalid-value /items/ must have 1 to 256 bytes");
    EXPECT_EQ(refusal("{\"" + std::string(257, 'k') + "\":1}").substr(0, 20), "invalid-value /items");
    EXPECT_EQ(refusal("{\"" + std::string(256, 'k') + "\":1}"), "taken");
    EXPECT_EQ(refusal(R"({"a\nb":1})"), "invalid-value /items/a\nb must have no control characters");
    EXPECT_EQ(refusal(R"({"conf/~a.xml":"x","a[0]":1})"), "taken");
    std::string deep = "a";
    for (int i = 0; i < 23; ++i) deep += ".a";
    EXPECT_EQ(refusal("{\"" + deep + "\":1}"), "taken");
    EXPECT_EQ(refusal("{\"" + deep + ".a\":1}"), "invalid-value /items/" + deep + ".a must have at most 24 parts");
    EXPECT_EQ(refusal("5"), "invalid-value /items must be an object");
}

TEST(Items, HaveWholeLists) {
    EXPECT_EQ(refusal(R"({"a[1]":1})"), "invalid-value /items/a lacks places of its list");
    EXPECT_EQ(refusal(R"({"x.a[0].b":1,"x.a[2].b":1})"), "invalid-value /items/x.a lacks places of its list");
    EXPECT_EQ(refusal(R"({"a.b":1,"a[0]":1})"), "invalid-value /items/a is a list and has named parts as well");
    EXPECT_EQ(refusal(R"({"a":[1,null]})"), "invalid-value /items/a[1] must not be empty");
    EXPECT_EQ(refusal(R"({"a":[{}]})"), "invalid-value /items/a[0] must not be empty");
}

TEST(Items, AreBounded) {
    Items items;
    const auto text_of = [](std::size_t bytes) { return Json::object({{"a", std::string(bytes, 'x')}}); };
    EXPECT_NO_THROW(apply_patch(items, text_of(max_value_bytes)));
    const auto slug_of = [&](const Json& patch) {
        try {
            apply_patch(items, patch);
        } catch (const Refusal& refusal) {
            return std::string(refusal.problem().slug);
        }
        return std::string("taken");
    };
    EXPECT_EQ(slug_of(text_of(max_value_bytes + 1)), "value-too-large");
    Json many = Json::object();
    for (std::size_t i = 0; i < max_set_keys; ++i) many["k" + std::to_string(i)] = 1;
    items.clear();
    EXPECT_EQ(slug_of(many), "taken");
    EXPECT_EQ(slug_of(Json::object({{"more", 1}})), "too-many-keys");
    items.clear();
    Json heavy = Json::object();
    for (int i = 0; i < 9; ++i) heavy["k" + std::to_string(i)] = std::string(max_value_bytes, 'x');
    EXPECT_EQ(slug_of(heavy), "value-too-large");
}

TEST(Items, BecomeTheDocumentAgain) {
    Items items;
    apply_patch(items, json(R"({"a":{"b":[1,{"c":"x"}],"e":[]},"list":[0,1,2,3,4,5,6,7,8,9,10,11]})"));
    EXPECT_EQ(to_tree(items), json(R"({"a":{"b":[1,{"c":"x"}],"e":[]},"list":[0,1,2,3,4,5,6,7,8,9,10,11]})"));
    EXPECT_EQ(to_tree({}), Json::object());
}

TEST(Items, Differ) {
    const Items before{{"a", 1}, {"b", 2}, {"c", 3}}, after{{"a", 1}, {"b", 5}, {"d", 4}};
    std::string told;
    for (const Change& change : changes_between(before, after))
        told += change.key + ":" + (change.before ? change.before->dump() : "-") + ">" + (change.after ? change.after->dump() : "-") + " ";
    EXPECT_EQ(told, "b:2>5 c:3>- d:->4 ");
    EXPECT_EQ(content_hash(before), content_hash({{"c", 3}, {"b", 2}, {"a", 1}}));
    EXPECT_NE(content_hash(before), content_hash(after));
    EXPECT_NE(content_hash({{"a", 1}}), content_hash({{"a", "1"}}));
}

TEST(Items, AreMergedThreeWays) {
    const Items base{{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
    const Items theirs{{"a", 2}, {"b", 1}, {"c", 2}, {"new", 1}};    // a and c changed, d removed
    const Items ours{{"a", 3}, {"b", 5}, {"c", 2}, {"mine", 1}};     // a and b changed, c as they did, d removed
    const Merged merged = merge_onto(base, theirs, ours);
    EXPECT_EQ(to_json(merged.items).dump(), R"({"a":3,"b":5,"c":2,"mine":1,"new":1})");
    ASSERT_EQ(merged.conflicts.size(), 1u);
    EXPECT_EQ(merged.conflicts[0].key, "a");
    EXPECT_EQ(*merged.conflicts[0].base, Json(1));
    EXPECT_EQ(*merged.conflicts[0].theirs, Json(2));
    EXPECT_EQ(*merged.conflicts[0].ours, Json(3));
    const Items none, list{{"a[0]", 1}}, value{{"a", 7}};
    EXPECT_EQ(to_json(merge_onto(none, list, value).items).dump(), R"({"a":7})"); // a value has no parts
}

/// "what it becomes; key that is in conflict, ...".
std::string merge_of(std::string_view base, std::string_view theirs, std::string_view ours) {
    Items of_base, of_theirs, of_ours;
    apply_patch(of_base, json(base));
    apply_patch(of_theirs, json(theirs));
    apply_patch(of_ours, json(ours));
    const Merged merged = merge_onto(of_base, of_theirs, of_ours);
    EXPECT_NO_THROW(check_items(merged.items));
    std::string text = to_json(merged.items).dump() + ";";
    for (const Conflict& conflict : merged.conflicts) text += " " + conflict.key;
    return text;
}

TEST(Items, AreMergedWithWholeLists) {
    EXPECT_EQ(merge_of(R"({"l":[1,2,3]})", R"({"l":[1,2,3,4]})", R"({"l":[9]})"), R"({"l[0]":9}; l[3])");
    EXPECT_EQ(merge_of(R"({"l":[1,2]})", R"({"l":[1,2,3]})", R"({})"), R"({}; l[2])");
    EXPECT_EQ(merge_of(R"({"l":[1]})", R"({"l":[1,2]})", R"({"l":[1,3,4]})"), R"({"l[0]":1,"l[1]":3,"l[2]":4}; l[1])");
    EXPECT_EQ(merge_of(R"({"l":[1]})", R"({"l":[1,2]})", R"({"l":[]})"), R"({"l":[]}; l[1])");
    EXPECT_EQ(merge_of(R"({"l":[1,2]})", R"({"l":[1]})", R"({"l":[1,2],"x":1})"), R"({"l[0]":1,"x":1};)") << "which only the others changed";
    EXPECT_EQ(merge_of(R"({"l":[[1],[2]]})", R"({"l":[[1],[2],[3]]})", R"({"l":[[1,5],[2]]})"), R"({"l[0][0]":1,"l[0][1]":5,"l[1][0]":2}; l[2][0])");
    EXPECT_EQ(merge_of(R"({"l":[1]})", R"({"l":[1,2]})", R"({"l":{"a":1}})"), R"({"l.a":1}; l[1])");
    EXPECT_EQ(merge_of(R"({"l":[1]})", R"({"l":{"a":1}})", R"({"l":[2]})"), R"({"l[0]":2}; l.a l[0])");
    EXPECT_EQ(merge_of(R"({"l":{"b":1}})", R"({"l":[1]})", R"({"l":{"b":2}})"), R"({"l.b":2}; l.b l[0])");
    EXPECT_EQ(merge_of(R"({"a":{"b":1}})", R"({"a":{"b":1,"c":2}})", R"({"a":7})"), R"({"a":7}; a.c)");
}

} // namespace
} // namespace gravity::config
