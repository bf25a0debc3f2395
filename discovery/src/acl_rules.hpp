#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

/// What policies say, and what follows from it for one resource. Pure.
namespace gravity::registry {

enum class Resource : unsigned char {
    acl,
    agent,
    event,
    identity,
    key,
    keyring,
    mesh,
    node,
    operator_,
    peering,
    query,
    service,
    session
};
inline constexpr std::size_t resource_count = 13;
std::string_view to_string(Resource resource); // as in policies and refusals

/// From the least to the most: who may write may list and read.
enum class Grant : unsigned char {
    deny,
    read,
    list,
    write
};
std::string_view to_string(Grant grant);

/// The rules of one resource. An exact name goes before prefixes, the longest prefix before shorter ones.
class NamedRules {
public:
    /// Of several for the same name or prefix deny goes first, then write, list, read.
    void add(std::string_view name, bool is_prefix, Grant grant);
    void merge(const NamedRules& other);

    /// Nothing if no rule speaks of it.
    std::optional<Grant> find(std::string_view name) const;
    /// For every name that begins with `prefix`: false if there is one that a rule grants less than `needed`; nothing if no rule denies it and none
    /// covers the whole prefix.
    std::optional<bool> covers(std::string_view prefix, Grant needed) const;

private:
    struct Leaf {
        std::optional<Grant> exact, prefix;
    };
    const Leaf* longest_prefix(std::string_view name) const;
    std::map<std::string, Leaf, std::less<>> leaves_;
    std::set<std::size_t, std::greater<>> lengths_; // of the prefixes, so that a look-up is one search for each length there is
};

/// A policy, or several put together.
class Rules {
public:
    NamedRules& of(Resource resource) { return named_[static_cast<std::size_t>(resource)]; }
    const NamedRules& of(Resource resource) const { return named_[static_cast<std::size_t>(resource)]; }
    void merge(const Rules& other);

private:
    std::array<NamedRules, resource_count> named_; // resources without names: under the empty one
};

struct PolicyError : std::runtime_error {
    using std::runtime_error::runtime_error;
};
inline constexpr std::size_t max_policy_bytes = 256 * 1024;

/// A policy as its author wrote it, in HCL or JSON. Throws PolicyError with the line and what is wrong there. What would be a narrower rule if it were
/// understood (Sentinel code, namespaces) is refused, not ignored.
Rules parse_policy(std::string_view text);

} // namespace gravity::registry
