#include <gravity/base/number.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/base/text.hpp>
#include <gravity/json/codec.hpp>

#include <gtest/gtest.h>

namespace gravity::json {
namespace sample {

enum class Colour {
    red,
    green
};
BOOST_DESCRIBE_ENUM(Colour, red, green)

struct Range {
    int from;
    int to;
};
BOOST_DESCRIBE_STRUCT(Range, (), (from, to))
void check(const Range& range, meta::Errors& errors) {
    if (range.to < range.from) errors.reject("to", "must not be below from");
}

struct Card {
    static constexpr std::string_view tag = "card";
    Text<4, 4> digits;
    std::optional<Text<1, 40>> holder;
};
BOOST_DESCRIBE_STRUCT(Card, (), (digits, holder))
struct Cash {
    static constexpr std::string_view tag = "cash";
};
BOOST_DESCRIBE_STRUCT(Cash, (), ())

struct Item {
    Text<1, 10> name;
    Default<Colour::green> colour;
    Bounded<int, 1, 9> level{5};
    std::optional<Range> range;
    std::vector<Range> ranges;
    std::map<std::string, Text<1, 5>> labels;
    std::optional<std::variant<Card, Cash>> payment;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, colour, level, range, ranges, labels, payment))

struct Scalars {
    bool boolean;
    std::int8_t tiny;
    std::int64_t wide;
    double real;
    std::string text;
    Percent percent;
};
BOOST_DESCRIBE_STRUCT(Scalars, (), (boolean, tiny, wide, real, text, percent))

struct Tree {
    int value;
    std::vector<Tree> children;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (value, children))

struct Free {
    Json any;
    std::vector<std::optional<int>> gaps;
};
BOOST_DESCRIBE_STRUCT(Free, (), (any, gaps))

struct Nested {
    Range range;
    std::map<std::string, Range> ranges;
    Json any;
    std::variant<Card, Cash> payment;
};
BOOST_DESCRIBE_STRUCT(Nested, (), (range, ranges, any, payment))

} // namespace sample

namespace {

using namespace sample;
using Fault = meta::Errors::Fault;

Json parsed(std::string_view text) { return Json::parse(text).or_throw(); }

template <class T> T taken(std::string_view text) {
    T value{};
    meta::Errors errors;
    decode(parsed(text), meta::mutable_ref(value), errors);
    EXPECT_TRUE(errors.empty()) << errors.to_string();
    return value;
}
template <class T> meta::Errors faults(std::string_view text, Unknown unknown = Unknown::refuse) {
    T value{};
    meta::Errors errors;
    decode(parsed(text), meta::mutable_ref(value), errors, unknown);
    return errors;
}
template <class T> std::string why_not(std::string_view text) { return faults<T>(text).to_string(); }

TEST(Decode, FillsAStructAndItsDefaults) {
    const auto item = taken<Item>(
        R"({"name": "a", "range": {"from": 1, "to": 2}, "labels": {"x": "y"}, "payment": {"type": "card", "digits": "1234"}})");
    EXPECT_EQ(item.name.view(), "a");
    EXPECT_EQ(item.colour, Colour::green);
    EXPECT_EQ(item.level, 5);
    EXPECT_EQ(item.range->to, 2);
    EXPECT_EQ(item.labels.at("x").view(), "y");
    EXPECT_EQ(std::get<Card>(*item.payment).digits.view(), "1234");
    EXPECT_EQ(taken<Item>(R"({"name": "a", "colour": "red", "range": null})").range, std::nullopt);
    EXPECT_EQ(taken<Item>(R"({"name": "a", "colour": "red"})").colour, Colour::red);
}

TEST(Decode, TellsEveryFaultWithItsPlace) {
    EXPECT_EQ(
        why_not<Item>(
            R"({"colour": "blue", "level": 10, "ranges": [{"from": 1, "to": 2}, {"from": "x", "to": 2, "z": 0}], "labels": {"a/b": "123456"}})"),
        "/colour: must be one of red, green; /labels/a~1b: must be 1 to 5 characters; /level: must be between 1 and 9; "
        "/ranges/1/from: must be an integer, not a text; /ranges/1/z: is not a known field; /name: is required");
}

TEST(Decode, SetsShapeApartFromValue) {
    for (const auto text :
         {"[]", "null", "{}", R"({"name": 1})", R"({"name": "a", "x": 1})", R"({"name": "a", "range": []})",
          R"({"name": "a", "labels": []})", R"({"name": "a", "payment": {}})", R"({"name": "a", "level": 1.5})"})
        EXPECT_TRUE(faults<Item>(text).any_shape()) << text;
    for (const auto text :
         {R"({"name": ""})", R"({"name": "a", "level": 0})", R"({"name": "a", "colour": ""})",
          R"({"name": "a", "payment": {"type": "x"}})", R"({"name": "a", "range": {"from": 2, "to": 1}})"}) {
        EXPECT_FALSE(faults<Item>(text).empty()) << text;
        EXPECT_FALSE(faults<Item>(text).any_shape()) << text;
    }
}

TEST(Decode, HoldsNumbersToTheirType) {
    const std::string rest = R"("wide": 1, "real": 1, "text": "", "percent": 1, "boolean": true})";
    EXPECT_EQ(taken<Scalars>(R"({"tiny": 127, )" + rest).tiny, 127);
    EXPECT_EQ(taken<Scalars>(R"({"tiny": 1.0, )" + rest).tiny, 1); // JSON Schema's integers include 1.0
    EXPECT_EQ(taken<Scalars>(R"({"tiny": 1e1, )" + rest).tiny, 10);
    for (const auto number : {"128", "-129", "1e3"})
        EXPECT_EQ(why_not<Scalars>(R"({"tiny": )" + std::string(number) + ", " + rest),
                  "/tiny: must be between -128 and 127");
    for (const auto number : {"1.5", "1e17", "1e300"})
        EXPECT_EQ(why_not<Scalars>(R"({"tiny": )" + std::string(number) + ", " + rest),
                  "/tiny: must be an integer, not a number");
    EXPECT_EQ(why_not<Scalars>(
                  R"({"tiny": 1, "wide": 9223372036854775807, "real": 1, "text": "", "percent": 100.5, "boolean": 1})"),
              "/boolean: must be a boolean, not an integer; /percent: must be between 0.0 and 100.0");
}

TEST(Decode, ChecksEachObjectThatIsWholeByItself) {
    EXPECT_EQ(why_not<Item>(R"({"name": "a", "range": {"from": 2, "to": 1}})"), "/range/to: must not be below from");
    // A fault elsewhere hides no rule, and an object that is itself at fault is not asked for its rules.
    EXPECT_EQ(why_not<Item>(R"({"name": "", "ranges": [{"from": 2, "to": 1}, {"to": 1}]})"),
              "/name: must be 1 to 10 characters; /ranges/0/to: must not be below from; /ranges/1/from: is required");
}

// More faults than are kept must not make a broken object look whole: its rule would read unset values.
TEST(Decode, ChecksNoBrokenObjectAfterFiftyFaults) {
    std::string text = R"({"name": "a", "ranges": [)";
    for (int i = 0; i < 60; ++i) text += R"({"to": 1},)";
    text.back() = ']';
    EXPECT_EQ(faults<Item>(text + "}").count(), 60u);
}

TEST(Decode, HoldsTheNumberOfItems) {
    std::string list = "[";
    for (int i = 0; i < 10'001; ++i) list += "1,";
    list.back() = ']';
    EXPECT_EQ(why_not<std::vector<int>>(list), "must have at most 10000 items");
    Json map = Json::object();
    for (int i = 0; i < 1'001; ++i) map[std::to_string(i)] = 1;
    EXPECT_EQ((why_not<std::map<std::string, int>>(map.dump())), "must have at most 1000 members");
}

TEST(Decode, ToleratesUnknownFieldsOfOthers) {
    EXPECT_TRUE(faults<Range>(R"({"from": 1, "to": 2, "more": {}})", Unknown::ignore).empty());
    EXPECT_EQ(json::decode<Range>(R"({"from": 1, "to": 2, "more": {}})")->to, 2);
    EXPECT_EQ(json::decode<Range>(R"({"from": 1})").why(), "/to: is required");
    EXPECT_EQ(json::decode<Range>("{").why().substr(0, 14), "not valid JSON");
}

TEST(Decode, TellsVariantsApartByType) {
    using Payment = std::variant<Card, Cash>;
    EXPECT_EQ(taken<Payment>(R"({"type": "cash"})").index(), 1u);
    EXPECT_EQ(why_not<Payment>("{}"), "/type: is required");
    EXPECT_EQ(why_not<Payment>(R"({"type": "gold"})"), "/type: must be one of card, cash");
    EXPECT_EQ(why_not<Payment>(R"({"type": 1})"), "/type: must be one of card, cash");
    EXPECT_EQ(why_not<Payment>(R"({"type": "cash", "digits": "1234"})"), "/digits: is not a known field");
    EXPECT_EQ(why_not<Payment>(R"({"type": "card"})"), "/digits: is required");
    EXPECT_EQ(why_not<Payment>("1"), "must be an object, not an integer");
}

TEST(Decode, ReplacesWhatListsAndMapsHeld) {
    Item item;
    item.ranges = {{1, 2}};
    item.labels["old"] = "x";
    meta::Errors errors;
    decode(parsed(R"({"name": "a", "ranges": [], "labels": {"new": "y"}})"), meta::mutable_ref(item), errors);
    EXPECT_TRUE(item.ranges.empty());
    EXPECT_EQ(item.labels.size(), 1u);
}

TEST(Encode, WritesInOrderOfTheFieldsAndLeavesOutTheEmpty) {
    const std::string text =
        R"({"name":"a","colour":"red","level":5,"range":{"from":1,"to":2},"ranges":[{"from":3,"to":4}],"labels":{"x":"y"},)"
        R"("payment":{"type":"cash"}})";
    EXPECT_EQ(encode(taken<Item>(text)), text);
    EXPECT_EQ(encode(taken<Item>(R"({"name": "\u00e9\"\\"})")),
              R"({"name":"é\"\\","colour":"green","level":5,"ranges":[],"labels":{}})");
    EXPECT_EQ(encode(Cash{}), "{}");
    EXPECT_EQ(encode(std::variant<Card, Cash>(taken<Card>(R"({"digits": "1234"})"))),
              R"({"type":"card","digits":"1234"})");
}

TEST(Encode, KeepsNullsInsideListsAndFreeForm) {
    const std::string text = R"({"any":{"a":null,"b":[1,2.0]},"gaps":[1,null]})";
    EXPECT_EQ(encode(taken<Free>(text)), text);
    EXPECT_EQ(taken<Free>(R"({"any": null, "gaps": []})").any, Json());
}

TEST(Encode, ReachesThroughATree) {
    const std::string text =
        R"({"value":1,"children":[{"value":2,"children":[]},{"value":3,"children":[{"value":4,"children":[]}]}]})";
    EXPECT_EQ(encode(taken<Tree>(text)), text);
    EXPECT_EQ(to_document(taken<Tree>(text)), parsed(text));
    EXPECT_EQ(why_not<Tree>(R"({"value":1,"children":[{"value":2,"children":[{}]}]})"),
              "/children/0/children/0/value: is required");
}

TEST(Encode, NeverWritesASecret) {
    const auto secret = taken<Secret<std::string>>(R"("hunter2")");
    EXPECT_THROW(encode(secret), std::logic_error);
}

// ---- merge patch

template <class T> std::string patched(std::string_view target, std::string_view merge) {
    T value = taken<T>(target);
    meta::Errors errors;
    patch(parsed(merge), meta::mutable_ref(value), errors);
    return errors.empty() ? encode(value) : "refused: " + errors.to_string();
}

constexpr std::string_view nested =
    R"({"range":{"from":1,"to":5},"ranges":{"a":{"from":1,"to":2}},"any":{"k":1,"l":{"m":2}},"payment":{"type":"card","digits":"1234","holder":"me"}})";

TEST(Patch, ChangesWhatIsGivenOnly) {
    EXPECT_EQ(patched<Nested>(nested, "{}"), nested);
    EXPECT_EQ(patched<Range>(R"({"from":1,"to":5})", R"({"to": 6})"), R"({"from":1,"to":6})");
    EXPECT_EQ(patched<Item>(R"({"name": "a", "level": 7})", R"({"name": "b"})"),
              R"({"name":"b","colour":"green","level":7,"ranges":[],"labels":{}})");
}

TEST(Patch, MergesObjectsMapsVariantsAndFreeForm) {
    const Json before = parsed(nested);
    for (const std::string_view merge :
         {R"({"range": {"from": 2}})", R"({"ranges": {"a": {"to": 9}}})",
          R"({"ranges": {"a": null, "b": {"from": 0, "to": 0}}})", R"({"any": {"l": {"m": null, "n": 1}}})",
          R"({"any": 5})", R"({"any": null})", R"({"payment": {"digits": "9999"}})",
          R"({"payment": {"type": "card", "holder": null}})"}) {
        Json expected = merge_patch(before, parsed(merge));
        expected["any"]; // to a struct a free-form field is there even if it is null
        EXPECT_EQ(parsed(patched<Nested>(nested, merge)), expected) << merge;
    }
    EXPECT_EQ(parsed(patched<Nested>(nested, R"({"payment": {"type": "cash"}})")).find("payment")->dump(),
              R"({"type":"cash"})");
    EXPECT_EQ(patched<Nested>(nested, R"({"payment": {"type": "cash", "digits": "1234"}})"),
              "refused: /payment/digits: is not a known field");
}

TEST(Patch, MergesIntoAnOptionalOrMakesItWhole) {
    const std::string_view with = R"({"name": "a", "range": {"from": 1, "to": 5}})";
    EXPECT_EQ(parsed(patched<Item>(with, R"({"range": {"to": 7}})")).find("range")->dump(), R"({"from":1,"to":7})");
    EXPECT_EQ(parsed(patched<Item>(with, R"({"range": null})")).find("range"), nullptr);
    EXPECT_EQ(patched<Item>(R"({"name": "a"})", R"({"range": {"to": 7}})"), "refused: /range/from: is required");
    EXPECT_EQ(
        parsed(patched<Item>(R"({"name": "a"})", R"({"payment": {"type": "card", "digits": "1234", "holder": null}})"))
            .at_pointer("/payment/holder"),
        nullptr);
}

TEST(Patch, ReplacesListsWhole) {
    EXPECT_EQ(parsed(patched<Item>(R"({"name": "a", "ranges": [{"from": 1, "to": 2}]})",
                                   R"({"ranges": [{"from": 3, "to": 4}]})"))
                  .find("ranges")
                  ->dump(),
              R"([{"from":3,"to":4}])");
    EXPECT_EQ(patched<Item>(R"({"name": "a"})", R"({"ranges": [{"from": 3}]})"), "refused: /ranges/0/to: is required");
}

TEST(Patch, RemovesNothingThatMustBe) {
    EXPECT_EQ(patched<Item>(R"({"name": "a"})", R"({"name": null, "level": null, "ranges": null, "labels": null})"),
              "refused: /labels: cannot be removed; /level: cannot be removed; /name: cannot be removed; /ranges: "
              "cannot be removed");
}

TEST(Patch, ValidatesTheResult) {
    EXPECT_EQ(patched<Range>(R"({"from": 1, "to": 5})", R"({"from": 6})"), "refused: /to: must not be below from");
    EXPECT_EQ(patched<Nested>(nested, R"({"range": {"from": 6}, "ranges": {"a": {"from": 6}}})"),
              "refused: /range/to: must not be below from; /ranges/a/to: must not be below from");
    EXPECT_EQ(patched<Range>(R"({"from": 1, "to": 5})", R"({"from": "x", "more": 1})"),
              "refused: /from: must be an integer, not a text; /more: is not a known field");
    for (const auto merge : {"[]", "null", "1", "\"x\""})
        EXPECT_EQ(patched<Range>(R"({"from": 1, "to": 5})", merge).substr(0, 26), "refused: must be an object")
            << merge;
    Json many = Json::object();
    for (int i = 0; i < 1'001; ++i) many["labels"][std::to_string(i)] = "x";
    EXPECT_EQ(patched<Item>(R"({"name": "a"})", many.dump()), "refused: /labels: must have at most 1000 members");
}

} // namespace
} // namespace gravity::json
