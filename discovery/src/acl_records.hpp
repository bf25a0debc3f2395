#pragma once

#include <gravity/meta/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What the access rules are kept as; see records.hpp. Times are Unix time in microseconds.
namespace gravity::registry {

/// A token may act as this service: register it, and read what it needs to find others.
struct ServiceIdentity {
    std::string ServiceName;
    std::optional<std::vector<std::string>> Datacenters;
    friend bool operator==(const ServiceIdentity&, const ServiceIdentity&) = default;
};
BOOST_DESCRIBE_STRUCT(ServiceIdentity, (), (ServiceName, Datacenters))

/// A token may act as the agent of this node.
struct NodeIdentity {
    std::string NodeName;
    std::string Datacenter;
    friend bool operator==(const NodeIdentity&, const NodeIdentity&) = default;
};
BOOST_DESCRIBE_STRUCT(NodeIdentity, (), (NodeName, Datacenter))

/// What tokens and roles have in common: where their permissions come from.
struct Grants {
    std::vector<std::string> policies; // ids
    std::vector<std::string> roles;    // ids; of a token only
    std::vector<ServiceIdentity> service_identities;
    std::vector<NodeIdentity> node_identities;
};
BOOST_DESCRIBE_STRUCT(Grants, (), (policies, roles, service_identities, node_identities))

/// Kept under its accessor. The secret itself is not there.
struct AclToken {
    std::string accessor;    // UUID
    std::string secret_hash; // SHA-256, in hexadecimal digits
    std::optional<std::string> sealed; // the secret under MASTER_KEY, if there is one: for clients that read it again
    std::string description;
    Grants grants;
    bool local = false;
    std::int64_t create_time_us = 0;
    std::optional<std::int64_t> expires_us;
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(AclToken, (), (accessor, secret_hash, sealed, description, grants, local, create_time_us, expires_us, create_index, modify_index))

struct AclPolicy {
    std::string id; // UUID
    std::string name;
    std::string description;
    std::string rules;                    // as its author wrote them
    std::vector<std::string> datacenters; // where it counts; none: everywhere
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(AclPolicy, (), (id, name, description, rules, datacenters, create_index, modify_index))

struct AclRole {
    std::string id; // UUID
    std::string name;
    std::string description;
    Grants grants;
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(AclRole, (), (id, name, description, grants, create_index, modify_index))

/// Under the name "bootstrap": the first management token has been made. With the tokens, so that a restored snapshot does not open that door again.
struct AclMark {
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(AclMark, (), (modify_index))

} // namespace gravity::registry

GRAVITY_TABLES(registry, ServiceIdentity, NodeIdentity, Grants, AclToken, AclPolicy, AclRole, AclMark)
