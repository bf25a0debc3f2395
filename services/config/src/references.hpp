#pragma once

#include "items.hpp"

#include <functional>
#include <set>

/// References from a value to other keys, `${key}` or `${key:default}`, as Spring's placeholders: they may stand within one another, a default may have some,
/// and `\${` is a text that looks like one. `${[application]key}` is a key of another application, where that one's own references mean its own keys: no key
/// begins with a bracket, so nothing else is written like this. The application is named as it is: it is not made of references. Pure.
namespace gravity::config {

/// Of applications.
using Names = std::set<std::string, std::less<>>;

/// What an application has, as it is seen by who refers to it; null where it has nothing of its own.
using Others = std::function<const Items*(const std::string& application)>;

struct ReferenceFault {
    std::string key;    // whose value has it
    std::string detail; // "${x} is not set"
};

struct Resolved {
    Items items;                       // what cannot be resolved stays as it is written
    std::vector<ReferenceFault> faults;
};

/// Bounded: what values become together, how many references that takes, and how deep they refer to one another. Without `others` there are none.
Resolved resolve(const Items& items, const Others& others = nullptr);

/// A layer of `all` as it is written, but for the texts that refer to other applications: who is given it cannot look there. Those are resolved as a whole, and
/// what looks like a reference in what they become is written as one that is none; what cannot be resolved stays as it is.
Items resolve_others(const Items& layer, const Items& all, const Others& others);

/// The applications that are named by references in the items; some may be in the shadow of others, or defaults that are not needed.
Names referred_applications(const Items& items);

/// These and what they lead to, the nearest first, at most `most`. `next`: null where nothing is known of one.
std::vector<std::string> reached(const Names& first, const std::function<const Names*(const std::string&)>& next, std::size_t most);

bool has_reference(const Json& value);

} // namespace gravity::config
