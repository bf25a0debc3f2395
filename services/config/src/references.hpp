#pragma once

#include "items.hpp"

/// References from a value to other keys, `${key}` or `${key:default}`, as Spring's placeholders: they may stand within one another, a default may have some,
/// and `\${` is a text that looks like one. Pure.
namespace gravity::config {

struct ReferenceFault {
    std::string key;    // whose value has it
    std::string detail; // "${x} is not set"
};

struct Resolved {
    Items items;                       // what cannot be resolved stays as it is written
    std::vector<ReferenceFault> faults;
};

/// Bounded: what values become together, and how deep they refer to one another.
Resolved resolve(const Items& items);

bool has_reference(const Json& value);

} // namespace gravity::config
