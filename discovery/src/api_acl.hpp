#pragma once

#include "api_access.hpp"
#include "api_input.hpp"
#include "api_output.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the routes of tokens, policies and roles have in common.
namespace gravity::registry::api {

inline constexpr std::size_t max_name_bytes = 256; // of roles, and of what identities are for

struct LinkIn {
    std::optional<std::string> ID, Name;
};
BOOST_DESCRIBE_STRUCT(LinkIn, (), (ID, Name))

struct LinkOut {
    std::string ID, Name;
};
BOOST_DESCRIBE_STRUCT(LinkOut, (), (ID, Name))
template <class T>
using ListOut = std::optional<std::vector<T>>; // left out when empty, as Go does

struct PolicyOut {
    std::string ID, Name, Description;
    std::optional<std::string> Rules; // not in lists
    ListOut<std::string> Datacenters;
    std::string Hash;
    std::int64_t CreateIndex = 0, ModifyIndex = 0;
};
BOOST_DESCRIBE_STRUCT(PolicyOut, (), (ID, Name, Description, Rules, Datacenters, Hash, CreateIndex, ModifyIndex))

struct RoleOut {
    std::string ID, Name, Description;
    ListOut<LinkOut> Policies;
    ListOut<ServiceIdentity> ServiceIdentities;
    ListOut<NodeIdentity> NodeIdentities;
    std::string Hash;
    std::int64_t CreateIndex = 0, ModifyIndex = 0;
};
BOOST_DESCRIBE_STRUCT(RoleOut, (), (ID, Name, Description, Policies, ServiceIdentities, NodeIdentities, Hash, CreateIndex, ModifyIndex))

/// Nothing for an empty list.
template <class T>
ListOut<T> list_out(std::vector<T> list) {
    if (list.empty()) return std::nullopt;
    return list;
}

/// Links to what has gone meanwhile are left out.
ListOut<LinkOut> policies_out(const Model& model, const Grants& grants);
PolicyOut policy_out(const AclPolicy& policy, bool with_rules = true);
RoleOut role_out(const Model& model, const AclRole& role);

bool is_plain_name(std::string_view name, std::size_t longest);
/// The UUID as it is written. Throws ApiError 400 that names `what`.
std::string uuid_in(const std::string& text, const std::string& what);
/// Adds to `ids` those that say their id, to `names` the others.
void read_links(const std::vector<LinkIn>& links, std::vector<std::string>& ids, std::vector<std::string>& names);

struct IdentitiesIn {
    const std::vector<ServiceIdentity>& services;
    const std::vector<NodeIdentity>& nodes;
    const std::optional<Json>& templated;
};
/// Throws ApiError 400 for what is missing, misnamed or not served. `local`: of a token that counts in one datacenter only.
void read_identities(const IdentitiesIn& in, bool local, Grants& grants);

/// What the path ends with. Throws ApiError 400 if that is nothing.
std::string id_in(const Call& call, const char* missing);
/// The id in the body, if there is one, is that of the path; else ApiError 400.
void check_same(const std::optional<std::string>& in_body, const std::string& in_path, const char* problem);
[[noreturn]] void absent(const std::string& kind);

} // namespace gravity::registry::api

GRAVITY_TABLES(registry::api, LinkIn, LinkOut, PolicyOut, RoleOut)
