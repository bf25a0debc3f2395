#include <gravity/base/number.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/json/json.hpp>
#include <gravity/meta/describe.hpp>

#include <gtest/gtest.h>

namespace gravity::meta {
namespace sample {

enum class Colour {
    red,
    green,
    delete_
};
BOOST_DESCRIBE_ENUM(Colour, red, green, delete_)

struct Base {
    Id<"thing"> id;
};
BOOST_DESCRIBE_STRUCT(Base, (), (id))

struct Thing : Base {
    Text<1, 20> name;
    Text<1, 20> nick{"none"};
    Bounded<int, 1, 9> level{5};
    Bounded<int, 1, 9> count;
    Default<Colour::green> colour;
    Default<true> open;
    bool plain = true;
    int number = 3;
    std::string text = "abc";
    std::optional<int> maybe;
    std::vector<Thing> parts;
    std::map<std::string, int> sizes;
    Json extra;
    int delete_ = 0;
};
BOOST_DESCRIBE_STRUCT(Thing, (Base),
                      (name, nick, level, count, colour, open, plain, number, text, maybe, parts, sizes, extra,
                       delete_))

struct Left {
    static constexpr std::string_view tag = "the_left";
    int value;
};
BOOST_DESCRIBE_STRUCT(Left, (), (value))
struct Right {};
BOOST_DESCRIBE_STRUCT(Right, (), ())

template <class T> struct Box {
    T value;
    BOOST_DESCRIBE_CLASS(Box, (), (value), (), ())
};

void check(const Left& left, Errors& errors) {
    if (left.value < 0) errors.reject("value", "must not be negative");
}

} // namespace sample

template <> struct docs<sample::Thing> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"name", "What it is called"},
                                                                               {"delete", "Whether it goes"}};
};

namespace {

using namespace sample;

const Field& field(const Type& type, std::string_view name) {
    for (const Field& f : type.object->fields())
        if (f.name == name) return f;
    throw std::logic_error("no such field");
}

TEST(TypeTable, NamesObjectsAndEnumerationsWithoutNamespace) {
    EXPECT_EQ(type_of<Thing>().name, "Thing");
    EXPECT_EQ(type_of<Colour>().name, "Colour");
    EXPECT_EQ(type_of<Box<Thing>>().name, "Box<gravity::meta::sample::Thing>");
    EXPECT_EQ(&type_of<const Thing>(), &type_of<Thing>());
}

TEST(TypeTable, ListsInheritedFieldsFirstAndReadsThem) {
    const auto fields = type_of<Thing>().object->fields();
    ASSERT_EQ(fields.size(), 15u);
    EXPECT_EQ(fields.front().name, "id");
    Thing thing;
    EXPECT_EQ(fields.front().at(&thing), static_cast<void*>(&thing.id));
    EXPECT_EQ(field(type_of<Thing>(), "number").at(&thing), static_cast<void*>(&thing.number));
}

TEST(TypeTable, TakesTheUnderscoreOffAReservedWord) {
    EXPECT_EQ(enum_name(Colour::delete_), "delete");
    EXPECT_EQ(field(type_of<Thing>(), "delete").doc, "Whether it goes");
    EXPECT_EQ(field(type_of<Thing>(), "name").doc, "What it is called");
    EXPECT_EQ(field(type_of<Thing>(), "nick").doc, "");
}

TEST(TypeTable, RequiresWhatHasNoDefault) {
    const auto fields = type_of<Thing>().object->fields();
    const auto required = required_fields(type_of<Thing>());
    std::map<std::string_view, bool> found;
    for (std::size_t i = 0; i < fields.size(); ++i) found[fields[i].name] = required[i];
    const std::map<std::string_view, bool> expected{
        {"id", true},
        {"name", true},
        {"nick", false},
        {"level", false},
        {"count", true},
        {"colour", false},
        {"open", false},
        {"plain", true},
        {"number", true},
        {"text", true},
        {"maybe", false},
        {"parts", false},
        {"sizes", false},
        {"extra", true},
        {"delete", true},
    };
    EXPECT_EQ(found, expected);
    EXPECT_EQ(required_fields_cached(type_of<Thing>()), required);
    EXPECT_EQ(&required_fields_cached(type_of<Thing>()), &required_fields_cached(type_of<Thing>()));
}

TEST(TypeTable, KeepsTheBoundsOfPlainIntegers) {
    EXPECT_EQ(type_of<std::int32_t>().max, 2147483647);
    EXPECT_EQ(type_of<std::uint16_t>().min, 0);
    EXPECT_EQ(type_of<std::uint16_t>().max, 65535);
    EXPECT_EQ(type_of<std::int64_t>().min, std::numeric_limits<std::int64_t>::min());
}

TEST(TypeTable, TagsVariantsByNameOrTag) {
    using Side = std::variant<Left, Right>;
    const auto& ops = *type_of<Side>().variant;
    ASSERT_EQ(ops.alternatives().size(), 2u);
    EXPECT_EQ(ops.alternatives()[0].tag, "the_left");
    EXPECT_EQ(ops.alternatives()[1].tag, "Right");
    Side side = Right{};
    EXPECT_EQ(ops.index(&side), 1u);
    static_cast<Left*>(ops.emplace(&side, 0))->value = 7;
    EXPECT_EQ(std::get<Left>(side).value, 7);
    EXPECT_EQ(ops.get(&side), static_cast<const void*>(&std::get<Left>(side)));
}

TEST(TypeTable, MapsInsertFindAndErase) {
    std::map<std::string, int> map;
    const auto& ops = *type_of<std::map<std::string, int>>().map;
    *static_cast<int*>(ops.insert(&map, "a")) = 1;
    *static_cast<int*>(ops.insert(&map, "a")) += 1;
    EXPECT_EQ(map, (std::map<std::string, int>{{"a", 2}}));
    ops.erase(&map, "b");
    EXPECT_EQ(ops.size(&map), 1u);
    ops.erase(&map, "a");
    EXPECT_TRUE(map.empty());
}

TEST(TypeTable, FindsTheRuleBesideAType) {
    EXPECT_NE(type_of<Left>().object->check, nullptr);
    EXPECT_EQ(type_of<Right>().object->check, nullptr);
    const Left bad{-1};
    Errors errors;
    type_of<Left>().object->check(&bad, errors);
    ASSERT_EQ(errors.items().size(), 1u);
    EXPECT_EQ(errors.items()[0].pointer, "/value");
}

TEST(TypeTable, DefaultIsItsValueUntilSet) {
    Default<Colour::green> colour;
    EXPECT_EQ(*colour, Colour::green);
    colour = Colour::red;
    EXPECT_EQ(colour, Colour::red);
    EXPECT_TRUE(type_of<Default<Colour::green>>().has_default);
    EXPECT_EQ(type_of<Default<Colour::green>>().integer, type_of<Colour>().integer);
    const auto made = type_of<Default<Colour::green>>().make();
    EXPECT_EQ(type_of<Colour>().integer->get(made.get()), 1);
}

} // namespace
} // namespace gravity::meta
