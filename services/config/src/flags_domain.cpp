#include "flags_domain.hpp"

#include "murmur3.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/meta/errors.hpp>

#include <algorithm>
#include <array>

namespace gravity::config {
namespace {

constexpr int sides = 100'000;
constexpr std::size_t deepest_condition = 10, most_conditions = 200, most_operands = 200, most_rules = 100, most_variants = 100, most_prerequisites = 20;
constexpr std::size_t largest_flag = 256 * 1024; // bytes of its variants

// ---- comparisons

std::optional<int> compare_numbers(const Json& a, const Json& b) {
    const auto is_number = [](const Json& v) { return v.kind() == Json::Kind::integer || v.kind() == Json::Kind::number; };
    if (!is_number(a) || !is_number(b)) return std::nullopt;
    if (a.kind() == Json::Kind::integer && b.kind() == Json::Kind::integer) // those beyond 2^53 are not told apart as numbers with a point
        return a.as_integer() < b.as_integer() ? -1 : a.as_integer() > b.as_integer() ? 1
                                                                                      : 0;
    return a.as_number() < b.as_number() ? -1 : a.as_number() > b.as_number() ? 1
                                                                              : 0;
}

/// A version of Semantic Versioning 2.0.0; numbers have no bound there.
struct SemVer {
    std::array<std::string_view, 3> numbers{};
    std::vector<std::string_view> pre;
};

bool is_numeric(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), ascii::is_digit); }

std::vector<std::string_view> parts_of(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto at = text.find(by);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

bool has_leading_zero(std::string_view part) { return part.size() > 1 && part.front() == '0'; }
bool is_identifier(std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return ascii::is_alnum(c) || c == '-'; });
}

// Sections 2, 9 and 10 of the specification.
std::optional<SemVer> parse_semver(std::string_view text) {
    if (const auto plus = text.find('+'); plus != std::string_view::npos) { // build metadata does not count
        const auto build = parts_of(text.substr(plus + 1), '.');
        if (!std::all_of(build.begin(), build.end(), is_identifier)) return std::nullopt;
        text = text.substr(0, plus);
    }
    SemVer version;
    const auto hyphen = text.find('-');
    const auto core = parts_of(text.substr(0, hyphen), '.');
    if (core.size() != 3) return std::nullopt;
    for (std::size_t i = 0; i < 3; ++i) {
        if (!is_numeric(core[i]) || has_leading_zero(core[i])) return std::nullopt;
        version.numbers[i] = core[i];
    }
    if (hyphen == std::string_view::npos) return version;
    version.pre = parts_of(text.substr(hyphen + 1), '.');
    const auto fits = [](std::string_view part) { return is_identifier(part) && !(is_numeric(part) && has_leading_zero(part)); };
    if (!std::all_of(version.pre.begin(), version.pre.end(), fits)) return std::nullopt;
    return version;
}

// Section 11 of the specification.
int compare_pre(std::string_view a, std::string_view b) {
    const bool a_number = is_numeric(a), b_number = is_numeric(b);
    if (a_number != b_number) return a_number ? -1 : 1;
    if (a_number && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b) < 0 ? -1 : a == b ? 0
                                          : 1;
}

int compare_semver(const SemVer& a, const SemVer& b) {
    for (std::size_t i = 0; i < a.numbers.size(); ++i)
        if (const int order = compare_pre(a.numbers[i], b.numbers[i]); order != 0) return order;
    if (a.pre.empty() || b.pre.empty()) return a.pre.empty() == b.pre.empty() ? 0 : a.pre.empty() ? 1
                                                                                                  : -1;
    for (std::size_t i = 0; i < a.pre.size() && i < b.pre.size(); ++i)
        if (const int order = compare_pre(a.pre[i], b.pre[i]); order != 0) return order;
    return a.pre.size() < b.pre.size() ? -1 : a.pre.size() > b.pre.size() ? 1
                                                                          : 0;
}

std::optional<int> compare_semvers(const Json& a, const Json& b) {
    if (!a.is_string() || !b.is_string()) return std::nullopt;
    const auto left = parse_semver(a.as_string()), right = parse_semver(b.as_string());
    return left && right ? std::optional(compare_semver(*left, *right)) : std::nullopt;
}

std::optional<int> compare_times(const Json& a, const Json& b) {
    if (!a.is_string() || !b.is_string()) return std::nullopt;
    const auto left = Timestamp::parse(a.as_string()), right = Timestamp::parse(b.as_string());
    if (!left || !right) return std::nullopt;
    return *left < *right ? -1 : *right < *left ? 1
                                                : 0;
}

// ---- operators: with what an attribute is held against a value

using Holds = bool (*)(const Json& attribute, const Json& value);
using Acceptable = bool (*)(const Json& value);

bool is_number_value(const Json& v) { return v.kind() == Json::Kind::integer || v.kind() == Json::Kind::number; }
bool is_text_value(const Json& v) { return v.is_string(); }
bool is_scalar_value(const Json& v) { return !v.is_array() && !v.is_object() && !v.is_null(); }
bool is_list_value(const Json& v) {
    return v.is_array() && v.size() <= most_operands && std::all_of(v.as_array().begin(), v.as_array().end(), is_scalar_value);
}
bool is_semver_value(const Json& v) { return v.is_string() && parse_semver(v.as_string()).has_value(); }
bool is_time_value(const Json& v) { return v.is_string() && static_cast<bool>(Timestamp::parse(v.as_string())); }

bool same(const Json& a, const Json& b) { return a == b || compare_numbers(a, b) == 0; }
bool among(const Json& a, const Json& list) {
    return std::any_of(list.as_array().begin(), list.as_array().end(), [&](const Json& item) { return same(a, item); });
}
bool text_holds(const Json& a, const Json& b, bool (*holds)(std::string_view, std::string_view)) {
    return a.is_string() && holds(a.as_string(), b.as_string());
}

struct Operator {
    std::string_view name;
    Acceptable acceptable;
    Holds holds;
};
constexpr Operator operators[] = {
    {"eq", is_scalar_value, same},
    {"ne", is_scalar_value, [](const Json& a, const Json& b) { return !same(a, b); }},
    {"in", is_list_value, among},
    {"not_in", is_list_value, [](const Json& a, const Json& b) { return !among(a, b); }},
    {"lt", is_number_value, [](const Json& a, const Json& b) { return compare_numbers(a, b) == -1; }},
    {"le", is_number_value, [](const Json& a, const Json& b) { return compare_numbers(a, b).value_or(1) <= 0; }},
    {"gt", is_number_value, [](const Json& a, const Json& b) { return compare_numbers(a, b) == 1; }},
    {"ge", is_number_value, [](const Json& a, const Json& b) { return compare_numbers(a, b).value_or(-1) >= 0; }},
    {"starts_with", is_text_value,
     [](const Json& a, const Json& b) { return text_holds(a, b, [](std::string_view x, std::string_view y) { return x.starts_with(y); }); }},
    {"ends_with", is_text_value,
     [](const Json& a, const Json& b) { return text_holds(a, b, [](std::string_view x, std::string_view y) { return x.ends_with(y); }); }},
    {"contains", is_text_value,
     [](const Json& a, const Json& b) {
         return text_holds(a, b, [](std::string_view x, std::string_view y) { return x.find(y) != std::string_view::npos; });
     }},
    {"semver_eq", is_semver_value, [](const Json& a, const Json& b) { return compare_semvers(a, b) == 0; }},
    {"semver_lt", is_semver_value, [](const Json& a, const Json& b) { return compare_semvers(a, b) == -1; }},
    {"semver_ge", is_semver_value, [](const Json& a, const Json& b) { return compare_semvers(a, b).value_or(-1) >= 0; }},
    {"before", is_time_value, [](const Json& a, const Json& b) { return compare_times(a, b) == -1; }},
    {"after", is_time_value, [](const Json& a, const Json& b) { return compare_times(a, b) == 1; }},
};

const Operator* operator_named(const Json* name) {
    if (name == nullptr || !name->is_string()) return nullptr;
    const auto found = std::find_if(std::begin(operators), std::end(operators), [&](const Operator& o) { return o.name == name->as_string(); });
    return found == std::end(operators) ? nullptr : found;
}

std::optional<std::string> fault_within(const Json& condition, std::size_t depth, std::size_t& count) {
    if (depth > deepest_condition) return "is nested too deeply";
    if (++count > most_conditions) return "has too many parts";
    if (!condition.is_object()) return "must be an object";
    for (const std::string_view several : {"all", "any"}) {
        const Json* parts = condition.find(several);
        if (parts == nullptr) continue;
        if (condition.size() != 1 || !parts->is_array()) return "must be {\"" + std::string(several) + "\": [...]}";
        for (const Json& part : parts->as_array())
            if (auto fault = fault_within(part, depth + 1, count)) return fault;
        return std::nullopt;
    }
    if (const Json* inner = condition.find("not")) {
        if (condition.size() != 1) return "must be {\"not\": ...}";
        return fault_within(*inner, depth + 1, count);
    }
    const Json* attribute = condition.find("attribute");
    const Json* value = condition.find("value");
    const Operator* op = operator_named(condition.find("op"));
    if (attribute == nullptr || !attribute->is_string() || value == nullptr || condition.size() != 3) return "must be {attribute, op, value}, all, any or not";
    if (op == nullptr) return "has an op that is not known";
    if (!op->acceptable(*value)) return "has a value that " + std::string(op->name) + " cannot be held against";
    return std::nullopt;
}

/// "user.country" is a member of a member, unless there is one of that whole name.
const Json* attribute_of(const Json& context, std::string_view name) {
    if (const Json* whole = context.find(name)) return whole;
    const Json* at = &context;
    for (const std::string_view part : parts_of(name, '.')) {
        at = at->find(part);
        if (at == nullptr) return nullptr;
    }
    return at;
}

bool fits(const Json& value, FlagType type) {
    switch (type) {
    case FlagType::boolean: return value.kind() == Json::Kind::boolean;
    case FlagType::string: return value.is_string();
    case FlagType::number: return is_number_value(value);
    case FlagType::object: return value.is_object() || value.is_array();
    }
    return false;
}

bool holds_now(const FlagRule& rule, Timestamp now) { return (!rule.from || *rule.from <= now) && (!rule.until || now < *rule.until); }

Decided decided(const Flag& flag, const std::string& variant, Reason reason) { return {variant, flag.variants.at(variant), reason}; }

void check_rule(const FlagRule& rule, const NewFlag& flag, meta::Errors& errors) {
    if (rule.when)
        if (const auto fault = fault_of_condition(*rule.when)) errors.reject("when", *fault);
    if (rule.variant.has_value() == !rule.split.empty()) errors.reject("variant", "either this or split must be there");
    if (rule.variant && !flag.variants.contains(rule.variant->view())) errors.reject("variant", "is no variant of the flag");
    int total = 0;
    for (const FlagShare& share : rule.split) {
        if (!flag.variants.contains(share.variant.view())) errors.reject("split", "names what is no variant of the flag");
        total += share.share;
        if (total > sides) break;
    }
    if (total > sides) errors.reject("split", "has more than all");
    if (rule.from && rule.until && *rule.until <= *rule.from) errors.reject("until", "must be after from");
}

} // namespace

bool FlagKey::accept(std::string_view in, std::string& out, std::string& why) {
    const auto is_fine = [](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-'; };
    if (in.empty() || in.size() > 128 || !std::all_of(in.begin(), in.end(), is_fine)) {
        why = "must be 1 to 128 letters, digits, dots, underscores and hyphens";
        return false;
    }
    out = in;
    return true;
}

meta::Errors faults_of(const NewFlag& flag) {
    meta::Errors errors;
    if (flag.variants.empty() || flag.variants.size() > most_variants) errors.reject("variants", "must have 1 to 100 members");
    if (flag.rules.size() > most_rules) errors.reject("rules", "must have at most 100 items");
    if (flag.prerequisites.size() > most_prerequisites) errors.reject("prerequisites", "must have at most 20 items");
    if (!errors.empty()) return errors;
    std::size_t bytes = 0;
    for (const auto& [name, value] : flag.variants) {
        if (!VariantName::parse(name)) errors.reject("variants", "must have names of 1 to 64 characters");
        if (!fits(value, flag.type)) errors.reject("variants", "must have values of the flag's type");
        bytes += value.dump().size();
    }
    if (bytes > largest_flag) errors.reject("variants", "must have at most 256 KiB together");
    if (!flag.variants.contains(flag.default_variant.view())) errors.reject("default_variant", "must be one of the variants");
    const meta::Errors::Step rules(errors, "rules");
    for (std::size_t i = 0; i < flag.rules.size(); ++i) {
        const meta::Errors::Step step(errors, i);
        check_rule(flag.rules[i], flag, errors);
    }
    return errors;
}

std::string_view to_string(Reason reason) {
    switch (reason) {
    case Reason::static_: return "STATIC";
    case Reason::targeting_match: return "TARGETING_MATCH";
    case Reason::split: return "SPLIT";
    case Reason::disabled: return "DISABLED";
    case Reason::default_: return "DEFAULT";
    }
    return "";
}

const Decision& Decider::decide(const Flag& flag) {
    const auto [entry, is_new] = known_.try_emplace(flag.key.str());
    if (is_new)
        entry->second = decided_anew(flag);
    else if (!entry->second) // a circle, which no change makes
        entry->second = decided(flag, flag.default_variant.str(), Reason::default_);
    return *entry->second;
}

Decision Decider::decided_anew(const Flag& flag) {
    const std::string& otherwise = flag.default_variant.str();
    if (!flag.enabled) return decided(flag, otherwise, Reason::disabled);
    for (const Prerequisite& prerequisite : flag.prerequisites) {
        const auto other = flags_.find(prerequisite.flag.view());
        const auto* met = other == flags_.end() ? nullptr : std::get_if<Decided>(&decide(other->second));
        if (met == nullptr || met->variant != prerequisite.variant.view()) return decided(flag, otherwise, Reason::default_);
    }
    for (const FlagRule& rule : flag.rules) {
        if (!holds_now(rule, now_) || (rule.when && !matches(*rule.when, context_))) continue;
        if (rule.variant) return decided(flag, rule.variant->str(), Reason::targeting_match);
        const Json* key = context_.find("targetingKey");
        if (key == nullptr || !key->is_string() || key->as_string().empty()) return TargetingKeyMissing{};
        int up_to = 0;
        const int side = side_of(flag, key->as_string());
        for (const FlagShare& share : rule.split)
            if (side < (up_to += share.share)) return decided(flag, share.variant.str(), Reason::split);
        return decided(flag, otherwise, Reason::split);
    }
    return decided(flag, otherwise, flag.rules.empty() ? Reason::static_ : Reason::default_);
}

int side_of(const Flag& flag, std::string_view targeting_key) {
    return static_cast<int>(murmur3_32(flag.key.str() + flag.salt + std::string(targeting_key)) % static_cast<std::uint32_t>(sides));
}

std::optional<std::string> fault_of_condition(const Json& condition) {
    std::size_t count = 0;
    return fault_within(condition, 0, count);
}

bool matches(const Json& condition, const Json& context) {
    const auto holds = [&](const Json& part) { return matches(part, context); };
    if (const Json* parts = condition.find("all")) return std::all_of(parts->as_array().begin(), parts->as_array().end(), holds);
    if (const Json* parts = condition.find("any")) return std::any_of(parts->as_array().begin(), parts->as_array().end(), holds);
    if (const Json* inner = condition.find("not")) return !matches(*inner, context);
    const Json* attribute = attribute_of(context, condition.find("attribute")->as_string());
    const Operator* op = operator_named(condition.find("op"));
    return attribute != nullptr && op != nullptr && op->holds(*attribute, *condition.find("value"));
}

std::optional<std::string> circle_through(const std::string& key, const Flags& flags) {
    std::map<std::string, std::string> found_from; // each flag that can be reached, and over which
    std::vector<std::string> next{key};
    while (!next.empty()) {
        const std::string at = next.back();
        next.pop_back();
        const auto flag = flags.find(at);
        if (flag == flags.end()) continue;
        for (const Prerequisite& prerequisite : flag->second.prerequisites) {
            const std::string& other = prerequisite.flag.str();
            if (other == key) {
                std::string way = key;
                for (std::string step = at; step != key; step = found_from.at(step)) way = step + " > " + way;
                return key + " > " + way;
            }
            if (found_from.emplace(other, at).second) next.push_back(other);
        }
    }
    return std::nullopt;
}

} // namespace gravity::config
