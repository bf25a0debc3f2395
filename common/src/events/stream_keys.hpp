#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace gravity::events {

/// A service's name as it stands in keys, event types and the names of groups: "product_catalog".
inline std::string id_of(std::string_view service) {
    std::string id(service);
    std::replace(id.begin(), id.end(), '-', '_');
    return id;
}

/// The keys in Redis of one producer's events, and of what one group has made of them; all in one slot.
struct StreamKeys {
    StreamKeys(std::string of, std::string by)
        : producer(std::move(of)),
          group(std::move(by)),
          stream("gravity:events:{" + producer + "}"),
          replay(stream + ":replay:" + group),
          dead(stream + ":dead:" + group),
          attempts(stream + ":attempts:" + group) {}

    std::string producer, group;
    std::string stream;   // what the producer publishes
    std::string replay;   // dead letters that this group is to handle once more
    std::string dead;     // its dead letters
    std::string attempts; // entry -> how often it was under way when a process ended
};

} // namespace gravity::events
