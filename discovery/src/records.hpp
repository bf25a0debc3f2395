#pragma once

#include <gravity/base/bytes.hpp>
#include <gravity/meta/describe.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What the daemon keeps: plain structs, stored as JSON under the keys of layout.hpp. A field that is added later must be one an older record may
/// lack (optional, list, map or Default<>). Lengths of time are microseconds.
namespace gravity::registry {

using Texts = std::map<std::string, std::string, std::less<>>;

enum class Status {
    passing,
    warning,
    critical
};
BOOST_DESCRIBE_ENUM(Status, passing, warning, critical)

struct Node {
    std::string name;
    std::string id; // UUID, may be empty
    std::string address;
    Texts tagged_addresses;
    Texts meta;
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Node, (), (name, id, address, tagged_addresses, meta, create_index, modify_index))

struct TaggedAddress {
    std::string address;
    int port = 0;
    friend bool operator==(const TaggedAddress&, const TaggedAddress&) = default;
};
BOOST_DESCRIBE_STRUCT(TaggedAddress, (), (address, port))

/// Where an instance is, in its client's words.
struct Locality {
    std::optional<std::string> Region, Zone;
    friend bool operator==(const Locality&, const Locality&) = default;
};
BOOST_DESCRIBE_STRUCT(Locality, (), (Region, Zone))

/// One instance of a service.
struct Instance {
    std::string node;
    std::string id; // unique on the node
    std::string name;
    std::vector<std::string> tags;
    std::string address; // empty: the node's
    std::map<std::string, TaggedAddress, std::less<>> tagged_addresses;
    Texts meta;
    int port = 0;
    std::optional<std::string> socket_path; // instead of address and port
    std::optional<Locality> locality;
    int weight_passing = 1;
    int weight_warning = 1;
    bool enable_tag_override = false;
    std::int64_t lease_us = 0; // not renewed for so long: gone; 0: stays until it is deregistered
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Instance, (),
                      (node, id, name, tags, address, tagged_addresses, meta, port, socket_path, locality, weight_passing, weight_warning,
                       enable_tag_override, lease_us, create_index, modify_index))

enum class CheckType {
    none,
    ttl,
    http,
    tcp,
    udp,
    grpc,
    h2ping,
    script,
    alias
}; // none: its status is set by whoever registered it in the catalog
BOOST_DESCRIBE_ENUM(CheckType, none, ttl, http, tcp, udp, grpc, h2ping, script, alias)

/// What an alias check takes its status from: an instance, or with no service a node.
struct AliasOf {
    std::string node;
    std::string service_id;
    std::optional<std::string> service_name; // the service that its owner may see; another one under the id is as if it were not there
    std::optional<std::string> owner;        // accessor of the token it was registered with, if that may not everything
    std::optional<bool> forbidden;           // the owner may not see it any more
    friend bool operator==(const AliasOf&, const AliasOf&) = default;
};
BOOST_DESCRIBE_STRUCT(AliasOf, (), (node, service_id, service_name, owner, forbidden))

struct CheckDefinition {
    CheckType type = CheckType::none;
    std::int64_t ttl_us = 0;
    std::string target; // http: URL; tcp, udp, h2ping: host:port; grpc: host:port or host:port/service
    std::string method;
    std::map<std::string, std::vector<std::string>, std::less<>> header;
    std::string body;
    bool tls_skip_verify = false;
    std::int64_t interval_us = 0;
    std::int64_t timeout_us = 0;
    int success_before_passing = 0;
    int failures_before_warning = 0;
    int failures_before_critical = 0;
    int output_max_size = 4096;
    std::int64_t deregister_after_us = 0; // critical for so long: its service is deregistered; 0: never
    std::optional<bool> disable_redirects;
    std::optional<bool> use_tls;              // tcp, grpc, h2ping
    std::optional<std::string> tls_server_name;
    std::vector<std::string> args;            // script: program and arguments
    std::optional<bool> configured;           // it stands in the configuration of this daemon
    std::optional<AliasOf> alias_of;
    friend bool operator==(const CheckDefinition&, const CheckDefinition&) = default;
};
BOOST_DESCRIBE_STRUCT(CheckDefinition, (),
                      (type, ttl_us, target, method, header, body, tls_skip_verify, interval_us, timeout_us, success_before_passing, failures_before_warning,
                       failures_before_critical, output_max_size, deregister_after_us, disable_redirects, use_tls, tls_server_name, args, configured,
                       alias_of))

struct Check {
    std::string node;
    std::string id; // unique on the node
    std::string name;
    Status status = Status::critical;
    std::string notes;
    std::string output;
    std::string service_id; // empty: of the node
    std::string service_name;
    CheckDefinition definition;
    bool run_here = false;            // this daemon executes it (registered through the agent's API)
    std::int64_t critical_since_us = 0; // Unix time of the last transition to critical; 0: not critical
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Check, (),
                      (node, id, name, status, notes, output, service_id, service_name, definition, run_here, critical_since_us, create_index,
                       modify_index))

struct KvEntry {
    Bytes value{std::string()};
    std::int64_t flags = 0; // the bits of an unsigned 64-bit number
    std::int64_t lock_index = 0;        // how often it has been acquired
    std::optional<std::string> session; // that holds it
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(KvEntry, (), (value, flags, lock_index, session, create_index, modify_index))

/// A key that was deleted, kept for a while so that the index of a list moves forward when its newest key goes.
struct Tombstone {
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Tombstone, (), (modify_index))

enum class SessionBehavior {
    release,
    delete_
};
BOOST_DESCRIBE_ENUM(SessionBehavior, release, delete_)

/// What holds locks, for as long as its node, its checks and its TTL let it live.
struct Session {
    std::string id; // UUID
    std::string name;
    std::string node;
    std::vector<std::string> node_checks; // ids of checks on the node: one of them critical or gone ends the session
    std::vector<std::string> service_checks;
    std::int64_t lock_delay_us = 0;
    SessionBehavior behavior = SessionBehavior::release; // what happens to its keys when it ends
    std::string ttl;                                     // as its client wrote it
    std::int64_t ttl_us = 0;                             // 0: none
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Session, (),
                      (id, name, node, node_checks, service_checks, lock_delay_us, behavior, ttl, ttl_us, create_index, modify_index))

/// A key whose lock was lost with its session cannot be acquired for a while: the old holder may not know yet. Stored, so that a restart does
/// not shorten it.
struct LockDelay {
    std::int64_t until_us = 0; // Unix time
    std::int64_t length_us = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(LockDelay, (), (until_us, length_us, modify_index))

/// A user event.
struct Event {
    std::string id; // UUID
    std::string name;
    Bytes payload{std::string()};
    std::string node_filter; // patterns, kept to be shown
    std::string service_filter;
    std::string tag_filter;
    std::int64_t sequence = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Event, (), (id, name, payload, node_filter, service_filter, tag_filter, sequence, modify_index))

// A prepared query is kept in the words its client sent, so that it gets them back: what was absent stays absent.

struct QueryTemplate {
    std::optional<std::string> Type, Regexp;
    std::optional<bool> RemoveEmptyTags;
};
BOOST_DESCRIBE_STRUCT(QueryTemplate, (), (Type, Regexp, RemoveEmptyTags))

struct QueryTarget {
    std::optional<std::string> Datacenter, Peer, Partition, Namespace;
};
BOOST_DESCRIBE_STRUCT(QueryTarget, (), (Datacenter, Peer, Partition, Namespace))

struct QueryFailover {
    std::optional<int> NearestN;
    std::optional<std::vector<std::string>> Datacenters;
    std::optional<std::vector<QueryTarget>> Targets;
};
BOOST_DESCRIBE_STRUCT(QueryFailover, (), (NearestN, Datacenters, Targets))

struct QueryService {
    std::optional<std::string> Service, Near;
    std::optional<QueryFailover> Failover;
    std::optional<bool> OnlyPassing, Connect;
    std::optional<std::vector<std::string>> IgnoreCheckIDs, Tags;
    std::optional<Texts> NodeMeta, ServiceMeta;
};
BOOST_DESCRIBE_STRUCT(QueryService, (), (Service, Near, Failover, OnlyPassing, Connect, IgnoreCheckIDs, Tags, NodeMeta, ServiceMeta))

struct QueryDns {
    std::optional<std::string> TTL;
};
BOOST_DESCRIBE_STRUCT(QueryDns, (), (TTL))

struct QueryDefinition {
    std::optional<std::string> ID, Name, Session, Token;
    std::optional<QueryTemplate> Template;
    std::optional<QueryService> Service;
    std::optional<QueryDns> DNS;
};
BOOST_DESCRIBE_STRUCT(QueryDefinition, (), (ID, Name, Session, Token, Template, Service, DNS))

struct PreparedQuery {
    QueryDefinition definition;
    std::int64_t create_index = 0;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(PreparedQuery, (), (definition, create_index, modify_index))

// What happened to an instance, so that one can be asked why it is out of rotation. What concerns a node lies there with an empty service id.

enum class TransitionKind {
    registered,
    deregistered,
    check
};
BOOST_DESCRIBE_ENUM(TransitionKind, registered, deregistered, check)

/// Written once and read from the store only: the model does not hold it.
struct Transition {
    std::int64_t at_us = 0; // Unix time
    TransitionKind kind = TransitionKind::check;
    std::string check_id;   // of a check
    std::string check_name;
    std::optional<Status> before, after; // absent: there was, is, no such check
    std::string what;                    // the check's output; or how it came to be deregistered
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Transition, (), (at_us, kind, check_id, check_name, before, after, what, modify_index))

/// Which transitions of an owner (an instance or a node) there are, and how restless it is (flapping.hpp).
struct History {
    std::string service;        // its name; empty: of a node
    std::int64_t first = 1;     // number of the oldest transition kept
    std::int64_t next = 1;      // number of the next
    std::optional<Status> status; // of its own checks, maintenance apart; absent: it has gone, or was never looked at
    std::int64_t penalty = 0;   // as it was at ...
    std::int64_t penalty_at_us = 0;
    bool flapping = false;      // as it was then
    std::int64_t gone_at_us = 0; // Unix time; 0: it is there
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(History, (), (service, first, next, status, penalty, penalty_at_us, flapping, gone_at_us, modify_index))

/// Where a node stands among the others, by the round trips that its agent has measured (the Vivaldi algorithm's coordinates).
struct Coordinate {
    std::string node;
    std::vector<double> vec;
    double error = 0, adjustment = 0, height = 0; // seconds, as all of it
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Coordinate, (), (node, vec, error, adjustment, height, modify_index))

inline constexpr std::size_t coordinate_dimensions = 8; // as Consul's agents have them

/// A single value of the daemon itself, e.g. the id of its node.
struct Setting {
    std::string value;
    std::int64_t modify_index = 0;
};
BOOST_DESCRIBE_STRUCT(Setting, (), (value, modify_index))

/// Equality of described structs, member by member.
template <class R>
bool equal(const R& a, const R& b) {
    bool same = true;
    boost::mp11::mp_for_each<boost::describe::describe_members<R, boost::describe::mod_public>>(
        [&](auto member) { same = same && a.*member.pointer == b.*member.pointer; });
    return same;
}

/// Key of an instance or a check in its table. Neither part holds NUL (the API refuses it).
inline std::string key_of(std::string_view node, std::string_view id) {
    std::string key(node);
    key += '\0';
    key += id;
    return key;
}

/// Key of a transition: its owner's, and its number with leading zeros.
inline std::string transition_key(std::string_view owner, std::int64_t number) {
    const std::string digits = std::to_string(number);
    return key_of(owner, std::string(20 - digits.size(), '0') + digits);
}

inline constexpr std::string_view node_maintenance_id = "_node_maintenance";
inline constexpr std::string_view service_maintenance_prefix = "_service_maintenance:";
inline bool is_maintenance(std::string_view check_id) {
    return check_id == node_maintenance_id || check_id.starts_with(service_maintenance_prefix);
}
inline constexpr std::string_view serf_health_id = "serfHealth"; // the check by which Consul's clients know that a node is alive

} // namespace gravity::registry

GRAVITY_TABLES(registry, Status, Node, TaggedAddress, Locality, Instance, CheckType, AliasOf, CheckDefinition, Check, KvEntry, Tombstone, SessionBehavior,
               Session, LockDelay, Event, QueryTemplate, QueryTarget, QueryFailover, QueryService, QueryDns, QueryDefinition, PreparedQuery, TransitionKind,
               Transition, History, Setting)
