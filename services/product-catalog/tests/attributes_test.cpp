#include "attributes.hpp"
#include "types_domain.hpp"
#include "units.hpp"

#include <gravity/json/codec.hpp>

#include <gtest/gtest.h>

#include <random>

namespace gravity::product_catalog {
namespace {

AttributeDef def(std::string_view json) { return json::decode<AttributeDef>(json).or_throw(); }
Json value(std::string_view json) { return Json::parse(json).or_throw(); }

std::string faults(const AttributeDef& of, std::string_view json) {
    meta::Errors errors;
    check_value(of, value(json), errors);
    EXPECT_FALSE(errors.any_shape()) << "a wrong kind of value is a 422, not a 400: " << errors.to_string();
    return errors.to_string();
}

TEST(AttributeValue, OfEveryKindIsHeldAgainstItsForm) {
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"text"})"), R"("oak")"), "");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"text"})"), "7"), "must be a text, not an integer");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"localized_text"})"), R"({"en":"oak","de":"Eiche"})"), "");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"localized_text"})"), R"({"en":""})"), "/en: must be 1 to 5000 characters");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"number","min":0,"max":10})"), "9.5"), "");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"number"})"), R"("12,5")"), "must be a number");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"number","min":0,"max":10})"), "10.5"), "must be at most 10");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"boolean"})"), "true"), "");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"boolean"})"), R"("true")"), "must be true or false");
    EXPECT_EQ(faults(def(R"({"name":"a","kind":"date"})"), R"("2028-02-29")"), "");
    EXPECT_NE(faults(def(R"({"name":"a","kind":"date"})"), R"("2027-02-29")"), "");
    const auto color = def(R"({"name":"color","kind":"enum","values":[{"value":"red"},{"value":"blue"}]})");
    EXPECT_EQ(faults(color, R"("red")"), "");
    EXPECT_EQ(faults(color, R"("green")"), "is not one of the values of color");
    const auto set = def(R"({"name":"tags","kind":"set","values":[{"value":"red"},{"value":"blue"}]})");
    EXPECT_EQ(faults(set, R"(["blue","red"])"), "");
    EXPECT_EQ(faults(set, R"(["blue","green","blue"])"), "/1: is not one of the values of tags; /2: is in the set already");
    const auto weight = def(R"({"name":"w","kind":"measurement","unit":"kg","max":2})");
    EXPECT_EQ(faults(weight, R"({"value":1500,"unit":"g"})"), "");
    EXPECT_EQ(faults(weight, R"({"value":2500,"unit":"GRM"})"), "/value: must be at most 2");
    EXPECT_EQ(faults(weight, R"({"value":1,"unit":"m"})"), "/unit: does not measure what kg measures");
    EXPECT_EQ(faults(weight, R"({"value":1,"unit":"stone"})"), "/unit: is not a unit of UCUM or UN/ECE Recommendation 20 that is known here");
    EXPECT_EQ(faults(weight, R"({"value":"1","unit":"g"})"), "/value: must be a number, not a text");
    const auto deposit = def(R"({"name":"d","kind":"money","currency":"EUR"})");
    EXPECT_EQ(faults(deposit, R"({"amount":25,"currency":"EUR"})"), "");
    EXPECT_EQ(faults(deposit, R"({"amount":25,"currency":"USD"})"), "/currency: must be EUR");
    const auto reference = def(R"({"name":"r","kind":"reference","target":"product"})");
    EXPECT_EQ(faults(reference, R"("01975f2c-0000-7000-8000-000000000000")"), "");
    EXPECT_NE(faults(reference, R"("mug")"), "");
}

TEST(AttributeDefinition, HasWhatItsKindNeedsAndNothingElse) {
    const auto faulty = [](std::string_view json) {
        const auto decoded = json::decode<AttributeDef>(json);
        return decoded ? std::string() : decoded.why();
    };
    EXPECT_EQ(faulty(R"({"name":"a","kind":"enum"})"), "/values: is required for the kind enum");
    EXPECT_EQ(faulty(R"({"name":"a","kind":"measurement"})"), "/unit: is required for the kind measurement");
    EXPECT_EQ(faulty(R"({"name":"a","kind":"measurement","unit":"parsec"})"), "/unit: is not a unit of UCUM or UN/ECE Recommendation 20 that is known here");
    EXPECT_EQ(faulty(R"({"name":"a","kind":"money"})"), "/currency: is required for the kind money");
    EXPECT_EQ(faulty(R"({"name":"a","kind":"reference"})"), "/target: is required for the kind reference");
    EXPECT_EQ(faulty(R"({"name":"a","kind":"text","unit":"kg"})"), "/unit: means nothing to the kind text; it is of measurement");
    EXPECT_EQ(faulty(R"({"name":"a","kind":"boolean","unique":true})"), "/unique: is possible for text, number, enum and date only");
    EXPECT_EQ(faulty(R"({"name":"a","kind":"number","min":2,"max":1})"), "/max: must not be below min");
    EXPECT_EQ(faulty(R"({"name":"a","kind":"enum","values":[{"value":"x"},{"value":"x"}]})"), "/values/1/value: is there already");
    EXPECT_NE(faulty(R"({"name":"Color","kind":"text"})"), "");
    EXPECT_NE(faulty(R"({"name":"1st","kind":"text"})"), "");
}

TEST(Attributes, AreOfTheTypeAndOfTheirLevel) {
    const std::vector<AttributeDef> defs{def(R"({"name":"brand","kind":"text"})"), def(R"({"name":"size","kind":"number","per_variant":true})")};
    meta::Errors errors;
    check_attributes(defs, Level::product, {{"brand", "x"}, {"size", 3}, {"colour", "red"}}, errors);
    EXPECT_EQ(errors.to_string(), "/colour: is not an attribute of the product's type; /size: is set on variants");
}

TEST(Attributes, WhatIsRequiredMayComeFromAnOption) {
    const std::vector<AttributeDef> defs{def(R"({"name":"size","kind":"number","per_variant":true,"required":true})"),
                                         def(R"({"name":"brand","kind":"text","required":true})")};
    meta::Errors with, without, product;
    check_complete(defs, Level::variant, {}, {{"size", Text<1, 100>("42")}}, with);
    check_complete(defs, Level::variant, {}, {}, without);
    check_complete(defs, Level::product, {}, {}, product);
    EXPECT_EQ(with.to_string(), "");
    EXPECT_EQ(without.to_string(), "/size: is required");
    EXPECT_EQ(product.to_string(), "/brand: is required");
}

TEST(IndexValues, AreComparableWhateverUnitTheyWereGivenIn) {
    const auto weight = def(R"({"name":"w","kind":"measurement","unit":"kg"})");
    EXPECT_DOUBLE_EQ(*index_values(weight, value(R"({"value":1500,"unit":"g"})")).at(0).number, 1.5);
    EXPECT_DOUBLE_EQ(*index_values(weight, value(R"({"value":1,"unit":"LBR"})")).at(0).number, 0.45359237);
    const auto set = def(R"({"name":"t","kind":"set","values":[{"value":"a"},{"value":"b"}]})");
    EXPECT_EQ(index_values(set, value(R"(["b","a"])")).size(), 2u);
    EXPECT_TRUE(index_values(def(R"({"name":"a","kind":"localized_text"})"), value(R"({"en":"oak"})")).empty());
}

TEST(OptionValue, HasTheKindOfItsAttribute) {
    EXPECT_EQ(option_value(def(R"({"name":"size","kind":"number"})"), "38.5"), std::optional(Json(38.5)));
    EXPECT_FALSE(option_value(def(R"({"name":"size","kind":"number"})"), "38,5"));
    EXPECT_FALSE(option_value(def(R"({"name":"size","kind":"number"})"), "nan"));
    EXPECT_FALSE(option_value(def(R"({"name":"c","kind":"enum","values":[{"value":"red"}]})"), "blue"));
    EXPECT_FALSE(option_value(def(R"({"name":"w","kind":"measurement","unit":"kg"})"), "1"));
}

TEST(Units, EveryPairOfADimensionConvertsThereAndBack) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> amounts(0.001, 1e6);
    const char* codes[] = {"mm", "KMT", "[in_i]", "MTR", "g", "LBR", "KGM", "L", "GLL", "Cel", "FAH", "K", "H87", "PR"};
    int pairs = 0;
    for (const char* a : codes)
        for (const char* b : codes) {
            const Unit *from = find_unit(a), *to = find_unit(b);
            ASSERT_TRUE(from && to) << a << " " << b;
            const double amount = amounts(random);
            const auto there = convert(amount, *from, *to);
            EXPECT_EQ(there.has_value(), from->dimension == to->dimension);
            if (!there) continue;
            EXPECT_NEAR(*convert(*there, *to, *from), amount, amount * 1e-9) << a << " " << b;
            ++pairs;
        }
    EXPECT_EQ(pairs, 4 * 4 + 3 * 3 + 2 * 2 + 3 * 3 + 2 * 2);
    EXPECT_NEAR(*convert(100, *find_unit("Cel"), *find_unit("FAH")), 212, 1e-9);
}

// ---- migration of types

TEST(TypeMigration, KeepsWhatHasAFormUnderTheNewKind) {
    const std::vector<AttributeDef> from{def(R"({"name":"size","kind":"text"})"),
                                         def(R"({"name":"color","kind":"enum","values":[{"value":"red"},{"value":"blue"}]})"),
                                         def(R"({"name":"old","kind":"text"})")};
    const std::vector<AttributeDef> to{def(R"({"name":"size","kind":"number"})"), def(R"({"name":"color","kind":"set","values":[{"value":"red"}]})")};
    const auto fine = migrate_values(from, to, Level::product, {{"size", "42"}, {"color", "red"}, {"old", "x"}});
    EXPECT_EQ(fine.values, (AttributeValues{{"size", 42.0}, {"color", Json::array({"red"})}}));
    EXPECT_EQ(fine.changed, 3);
    EXPECT_TRUE(fine.broken.empty());
    const auto broken = migrate_values(from, to, Level::product, {{"size", "large"}, {"color", "blue"}});
    ASSERT_EQ(broken.broken.size(), 2u);
    EXPECT_EQ(broken.broken[0].detail, "/0: is not one of the values of color");
    EXPECT_EQ(broken.broken[1].detail, "has no form as number");
}

// Whatever a migration keeps must be valid under the new definitions, and a migration to the same definitions changes nothing.
TEST(TypeMigration, OfAnyKindToAnyOtherNeverKeepsAnInvalidValue) {
    const std::pair<const char*, const char*> samples[] = {
        {R"({"name":"a","kind":"text"})", R"("12")"},
        {R"({"name":"a","kind":"text"})", R"("x")"},
        {R"({"name":"a","kind":"localized_text"})", R"({"en":"x"})"},
        {R"({"name":"a","kind":"number"})", "12"},
        {R"({"name":"a","kind":"boolean"})", "true"},
        {R"({"name":"a","kind":"date"})", R"("2026-01-01")"},
        {R"({"name":"a","kind":"enum","values":[{"value":"x"},{"value":"true"}]})", R"("x")"},
        {R"({"name":"a","kind":"set","values":[{"value":"x"},{"value":"12"}]})", R"(["x"])"},
        {R"({"name":"a","kind":"set","values":[{"value":"x"},{"value":"12"}]})", R"(["x","12"])"},
        {R"({"name":"a","kind":"measurement","unit":"kg"})", R"({"value":1,"unit":"g"})"},
        {R"({"name":"a","kind":"money","currency":"EUR"})", R"({"amount":1,"currency":"EUR"})"},
        {R"({"name":"a","kind":"reference","target":"product"})", R"("01975f2c-0000-7000-8000-000000000000")"}};
    for (const auto& [from, text] : samples)
        for (const auto& [to, ignored] : samples) {
            const std::vector<AttributeDef> before{def(from)}, after{def(to)};
            const auto migrated = migrate_values(before, after, Level::product, {{"a", value(text)}});
            EXPECT_EQ(migrated.values.size() + migrated.broken.size(), 1u);
            meta::Errors errors;
            check_attributes(after, Level::product, migrated.values, errors);
            EXPECT_TRUE(errors.empty()) << from << " to " << to << ": " << errors.to_string();
            if (std::string_view(from) == to) {
                EXPECT_EQ(migrated.changed, 0) << from;
                EXPECT_TRUE(migrated.broken.empty()) << from;
            }
        }
}

std::vector<Variant> variants_with(const std::vector<AttributeValues>& values) {
    std::vector<Variant> variants(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) variants[i].attributes = values[i];
    return variants;
}
std::string moved(const char* from, const char* to, AttributeValues product, const std::vector<AttributeValues>& variants) {
    auto of_variants = variants_with(variants);
    const auto result = move_values({def(from)}, {def(to)}, product, of_variants);
    std::string text = std::to_string(result.moved) + " " + json::encode(product);
    for (const Variant& variant : of_variants) text += json::encode(variant.attributes);
    for (const BrokenValue& broken : result.broken) text += " " + broken.attribute.str() + " " + broken.detail;
    return text;
}

TEST(TypeMigration, MovesValuesBetweenProductAndVariants) {
    const char* own = R"({"name":"a","kind":"text"})";
    const char* theirs = R"({"name":"a","kind":"text","per_variant":true})";
    const char* unique = R"({"name":"a","kind":"text","per_variant":true,"unique":true})";
    EXPECT_EQ(moved(own, theirs, {{"a", "x"}, {"b", 1}}, {{}, {{"c", 2}}}), R"(1 {"b":1}{"a":"x"}{"a":"x","c":2})");
    EXPECT_EQ(moved(theirs, own, {}, {{{"a", "x"}}, {{"a", "x"}}}), R"(1 {"a":"x"}{}{})");
    EXPECT_EQ(moved(own, theirs, {{"b", 1}}, {{}}), R"(0 {"b":1}{})");
    EXPECT_EQ(moved(theirs, own, {}, {{}, {}}), R"(0 {}{}{})");
    EXPECT_EQ(moved(own, own, {{"a", "x"}}, {{}}), R"(0 {"a":"x"}{})");
    EXPECT_EQ(moved(own, unique, {{"a", "x"}}, {{}}), R"(1 {}{"a":"x"})");
    EXPECT_EQ(moved(own, theirs, {{"a", "x"}}, {}), R"(0 {} a is set on the product, which has no variants to take it)");
    EXPECT_EQ(moved(own, unique, {{"a", "x"}}, {{}, {}}), R"(0 {}{}{} a is unique and would be of 2 variants)");
    EXPECT_EQ(moved(theirs, own, {}, {{{"a", "x"}}, {{"a", "y"}}}), R"(0 {}{}{} a differs between variants and would be of their product)");
    EXPECT_EQ(moved(theirs, own, {}, {{{"a", "x"}}, {}}), R"(0 {}{}{} a is not set on all variants and would be of their product)");
}

} // namespace
} // namespace gravity::product_catalog
