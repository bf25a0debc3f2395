#pragma once

#include "flags_model.hpp"

#include <gravity/meta/errors.hpp>

#include <variant>

/// What a flag is for somebody: pure.
namespace gravity::config {

enum class Reason {
    static_,
    targeting_match,
    split,
    disabled,
    default_
};
/// As OpenFeature has it: "TARGETING_MATCH".
std::string_view to_string(Reason reason);

struct Decided {
    std::string variant;
    Json value;
    Reason reason{};
};
/// No decision for want of a targetingKey in the context, which a split needs.
struct TargetingKeyMissing {};
using Decision = std::variant<Decided, TargetingKeyMissing>;

/// All flags of a project by their keys.
using Flags = std::map<std::string, Flag, std::less<>>;

/// Decides flags for one context, an object of attributes. A prerequisite that is not there, or not decided, is not met; each flag is decided once.
class Decider {
public:
    Decider(const Flags& flags, const Json& context, Timestamp now) : flags_(flags), context_(context), now_(now) {}
    const Decision& decide(const Flag& flag);

private:
    Decision decided_anew(const Flag& flag);

    const Flags& flags_;
    const Json& context_;
    Timestamp now_;
    std::map<std::string, std::optional<Decision>, std::less<>> known_; // nothing: it is being decided
};

/// Side of the split, 0 to 99,999.
int side_of(const Flag& flag, std::string_view targeting_key);

/// What is wrong with a flag as a whole: its variants, and what its rules say of them.
meta::Errors faults_of(const NewFlag& flag);

/// What is wrong with a condition; nothing if it is one.
std::optional<std::string> fault_of_condition(const Json& condition);
bool matches(const Json& condition, const Json& context);

/// A circle of prerequisites that begins with this key, "a > b > a"; nothing if there is none.
std::optional<std::string> circle_through(const std::string& key, const Flags& flags);

} // namespace gravity::config
