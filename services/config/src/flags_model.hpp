#pragma once

#include <gravity/model.hpp>

/// Feature flags.
namespace gravity::config {

using FlagId = Id<"feature-flag">;

class FlagKey : public TextValue<FlagKey> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<FlagKey>({.pattern = "^[A-Za-z0-9._-]+$", .doc = "Key of a flag", .example = "\"new-checkout\"", .min = 1, .max = 128});
    }
};

enum class FlagType {
    boolean,
    string,
    number,
    object
};
BOOST_DESCRIBE_ENUM(FlagType, boolean, string, number, object)

using VariantName = Text<1, 64>;

/// A share of those whom a rule is about, in thousandths of a per cent.
struct FlagShare {
    VariantName variant;
    Bounded<int, 0, 100'000> share;
};
BOOST_DESCRIBE_STRUCT(FlagShare, (), (variant, share))

struct FlagRule {
    std::optional<Json> when;
    std::optional<Timestamp> from;
    std::optional<Timestamp> until;
    std::optional<VariantName> variant;
    std::vector<FlagShare> split;
};
BOOST_DESCRIBE_STRUCT(FlagRule, (), (when, from, until, variant, split))

struct Prerequisite {
    FlagKey flag;
    VariantName variant;
};
BOOST_DESCRIBE_STRUCT(Prerequisite, (), (flag, variant))

struct FlagEdit {
    Default<true> enabled;
    std::optional<Text<1, 500>> description;
    std::map<std::string, Json, std::less<>> variants;
    VariantName default_variant;
    std::vector<Prerequisite> prerequisites;
    std::vector<FlagRule> rules;
};
BOOST_DESCRIBE_STRUCT(FlagEdit, (), (enabled, description, variants, default_variant, prerequisites, rules))

struct NewFlag : FlagEdit {
    FlagKey key;
    FlagType type{};
};
BOOST_DESCRIBE_STRUCT(NewFlag, (FlagEdit), (key, type))

struct Flag : NewFlag {
    FlagId id;
    Version version;
    std::string salt;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Flag, (NewFlag), (id, version, salt, created_at, updated_at))

struct FlagChanged {
    static constexpr Event event{"gravity.config.flag.changed"};
    FlagId id;
    FlagKey key;
    bool deleted = false;
};
BOOST_DESCRIBE_STRUCT(FlagChanged, (), (id, key, deleted))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::FlagShare> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"share", "In thousandths of a per cent: 10000 are 10 %"}};
};
template <>
struct gravity::meta::docs<gravity::config::FlagRule> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"when", "A condition: {all: [...]}, {any: [...]}, {not: ...} or {attribute, op, value}; without it everybody"},
        {"from", "Since when the rule holds"},
        {"until", "Until when"},
        {"variant", "What they get; instead of `split`"},
        {"split", "Shares by targetingKey; who is in none gets the default variant"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::FlagEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"enabled", "Otherwise everybody gets the default variant"},
        {"prerequisites", "Variants that other flags must have; otherwise everybody gets the default variant"},
        {"rules", "The first that matches decides"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::Flag> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"salt", "Hashed with key and targetingKey, to choose sides"}};
};

GRAVITY_TABLES(config, FlagId, FlagKey, FlagType, FlagShare, FlagRule, Prerequisite, FlagEdit, NewFlag, Flag, FlagChanged)
