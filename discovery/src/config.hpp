#pragma once

#include "probe.hpp"

#include <gravity/base/number.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/meta/describe.hpp>

#include <optional>
#include <string>

namespace gravity::registry {

enum class DefaultPolicy {
    deny,
    allow
};
BOOST_DESCRIBE_ENUM(DefaultPolicy, deny, allow)

/// The daemon's own settings; outside they begin with DISCOVERY_.
struct Settings {
    Text<1, 4096> data_dir;
    std::optional<Text<1, 4096>> store_url;
    Text<1, 255> store_prefix = "/gravity/discovery/";
    Bounded<int, 64, 1'000'000> store_operations{128};
    std::optional<Text<1, 4096>> store_ca_file;
    std::optional<Text<1, 4096>> store_certificate_file;
    std::optional<Text<1, 4096>> store_key_file;
    std::optional<Text<1, 255>> store_user;
    std::optional<Secret<>> store_password;
    std::optional<Text<1, 255>> node_name;
    std::optional<Uuid> node_id;
    std::optional<Text<1, 4096>> node_meta;
    Text<1, 63> datacenter = "dc1";
    Text<1, 32> consul_version = "1.22.0";
    Bounded<int, 1, 1'000'000> max_waiters{100'000};
    std::optional<Text<1, 255>> dns_address;
    Bounded<int, 0, 65'535> dns_port{8600};
    Text<1, 200> dns_domain = "consul";
    bool dns_only_passing = false;
    Bounded<int, 0, 86'400> dns_ttl_seconds{0};
    Bounded<int, 0, 1'000'000> dns_answers_per_second{1000};
    std::optional<Text<1, 4096>> dns_recursors;
    Scripts script_checks = Scripts::none;
    bool acl_enabled = false;
    DefaultPolicy acl_default_policy = DefaultPolicy::deny;
    bool acl_key_list_policy = false;
    std::optional<Secret<>> acl_initial_management;
    std::optional<Secret<>> acl_default_token;
    std::optional<Secret<>> acl_dns_token;
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (data_dir, store_url, store_prefix, store_operations, store_ca_file, store_certificate_file, store_key_file, store_user, store_password,
                       node_name, node_id, node_meta, datacenter, consul_version, max_waiters, dns_address, dns_port, dns_domain, dns_only_passing,
                       dns_ttl_seconds, dns_answers_per_second, dns_recursors, script_checks, acl_enabled, acl_default_policy, acl_key_list_policy,
                       acl_initial_management, acl_default_token, acl_dns_token))

} // namespace gravity::registry

template <>
struct gravity::meta::docs<gravity::registry::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"data_dir", "Folder of the registry's store; not used with store_url"},
        {"store_url", "Members of an etcd cluster, the store of several daemons: http://host:2379, commas between; default: alone"},
        {"store_prefix", "What all keys in etcd begin with"},
        {"store_operations", "Operations in one transaction of etcd, as its --max-txn-ops says"},
        {"store_ca_file", "Authorities that etcd's certificates are believed from, PEM; default: the system's"},
        {"store_certificate_file", "Certificate that this daemon shows to etcd (--client-cert-auth), PEM, with those in between"},
        {"store_key_file", "Its private key, PEM"},
        {"store_user", "User of etcd, where its auth is enabled; may read and write all keys that begin with store_prefix"},
        {"store_password", "The user's password"},
        {"node_name", "Name of this node; default: the host's"},
        {"node_id", "Id of this node, a UUID; default: made at the first start and kept"},
        {"node_meta", "Metadata of this node: key:value, several with commas between"},
        {"datacenter", "Name of the datacenter, as clients give it by ?dc="},
        {"consul_version", "Version of Consul that clients are told, because some branch on it"},
        {"max_waiters", "Blocking queries that may wait at a time; beyond it 429"},
        {"dns_address", "Address of the DNS interface; default: LISTEN_ADDRESS"},
        {"dns_port", "Port of the DNS interface, UDP and TCP; 0: none"},
        {"dns_domain", "Domain that the catalog is served below"},
        {"dns_only_passing", "DNS leaves out instances with a warning too, not only critical ones"},
        {"dns_ttl_seconds", "For how long a resolver may keep a DNS answer"},
        {"dns_answers_per_second", "Answers by UDP to one network of strangers (/24, /56) at most; 0: no limit"},
        {"dns_recursors", "DNS servers for what is not below the domain, asked for no strangers: address or address:port, commas between; default: none"},
        {"script_checks", "Programs as checks: none, those that stand in the configuration file, or all that are registered"},
        {"acl_enabled", "Whether tokens say who may do what; without, whoever reaches the ports may do everything"},
        {"acl_default_policy", "What is true where no rule speaks of it: deny or allow"},
        {"acl_key_list_policy", "Listing keys needs a rule that says list or write"},
        {"acl_initial_management", "Secret of a token with all permissions, made at the start"},
        {"acl_default_token", "Token of requests that come without one; default: the anonymous token"},
        {"acl_dns_token", "Token whose permissions DNS answers have; default: as acl_default_token"},
    };
};
