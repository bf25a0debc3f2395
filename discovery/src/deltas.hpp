#pragma once

#include "access.hpp"
#include "model.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

/// Which instances changed, as those see them who follow a service: the part of delta watch that decides. Pure.
namespace gravity::registry {

/// An instance as it is shown to followers.
struct FollowedInstance {
    std::string node, id, address;
    int port = 0;
    std::vector<std::string> tags;
    Texts meta;
    Status status = Status::passing; // the worst of its checks and its node's; in maintenance critical
    int weight = 1;                  // as its status has it
};
BOOST_DESCRIBE_STRUCT(FollowedInstance, (), (node, id, address, port, tags, meta, status, weight))

struct InstanceName {
    std::string node, id;
};
BOOST_DESCRIBE_STRUCT(InstanceName, (), (node, id))

/// Why a follower gets the whole list: it has just come, or what it has seen last is no longer known.
enum class ListReason {
    first,
    forgotten
};
BOOST_DESCRIBE_ENUM(ListReason, first, forgotten)

struct ServiceList {
    std::string service;
    ListReason reason = ListReason::first;
    std::vector<FollowedInstance> instances;
};
BOOST_DESCRIBE_STRUCT(ServiceList, (), (service, reason, instances))

struct ServiceChange {
    std::string service;
    std::vector<FollowedInstance> changed; // or new
    std::vector<InstanceName> gone;
};
BOOST_DESCRIBE_STRUCT(ServiceChange, (), (service, changed, gone))

class Deltas {
public:
    /// `remembered`: so many changes of instances can be told to those who come back.
    explicit Deltas(const Model& model, std::size_t remembered = 10'000);

    /// Keys of instances that changed; true for those that concern who looks at passing ones only.
    using Keys = std::map<std::string, bool>;
    /// By service. To be called when the model has taken a batch, once.
    std::map<std::string, Keys> on_changes(const std::vector<Change>& changes);
    /// What changed in a service after `index`; nothing if that is no longer known.
    std::optional<Keys> since(const std::string& service, std::int64_t index) const;

    /// What `access` does not permit to see is left out: an empty list, no change.
    ServiceList list(const std::string& service, bool passing, ListReason reason, const Access& access = {}) const;
    /// As they are now. Nothing if none of them concerns who looks at passing ones only.
    std::optional<ServiceChange> change(const std::string& service, bool passing, const Keys& keys, const Access& access = {}) const;

private:
    struct Seen {
        std::string service;
        std::size_t digest = 0; // of what is shown
        bool passing = false;
    };
    struct Entry {
        std::int64_t index;
        std::string service, key;
        bool concerns_passing;
    };
    std::optional<Seen> look(const std::string& key) const;
    void on_instance(const std::string& key, std::map<std::string, Keys>& news);
    void remember(std::int64_t index, const std::map<std::string, Keys>& news);

    const Model* model_;
    std::size_t remembered_;
    std::unordered_map<std::string, Seen> seen_;
    std::deque<Entry> entries_;
    std::int64_t floor_; // what came after it is in the entries
};

} // namespace gravity::registry

GRAVITY_TABLES(registry, FollowedInstance, InstanceName, ListReason, ServiceList, ServiceChange)
