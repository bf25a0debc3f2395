#pragma once

#include <gravity/base/number.hpp>
#include <gravity/base/text.hpp>
#include <gravity/meta/describe.hpp>

#include <optional>
#include <string>

namespace gravity::registry {

/// The daemon's own settings; outside they begin with DISCOVERY_.
struct Settings {
    Text<1, 4096> data_dir;
    std::optional<Text<1, 255>> node_name;
    Text<1, 63> datacenter = "dc1";
    Text<1, 32> consul_version = "1.22.0";
    Bounded<int, 1, 1'000'000> max_waiters{100'000};
};
BOOST_DESCRIBE_STRUCT(Settings, (), (data_dir, node_name, datacenter, consul_version, max_waiters))

} // namespace gravity::registry

template <>
struct gravity::meta::docs<gravity::registry::Settings> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"data_dir", "Folder of the registry's store"},
        {"node_name", "Name of this node; default: the host's"},
        {"datacenter", "Name of the datacenter, as clients give it by ?dc="},
        {"consul_version", "Version of Consul that clients are told, because some branch on it"},
        {"max_waiters", "Blocking queries that may wait at a time; beyond it 429"},
    };
};
