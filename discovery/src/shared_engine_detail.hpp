#pragma once

#include <chrono>
#include <string_view>

/// How long the parts of the shared engine wait for etcd and for each other.
namespace gravity::registry::shared {

inline constexpr std::chrono::seconds call_time{3};          // of one call; then another member is asked
inline constexpr std::chrono::milliseconds beat_time{1500};  // the same for those that must not be late
inline constexpr std::chrono::seconds contact_life{5};       // so long is what is known taken for the state of things
inline constexpr std::chrono::seconds write_patience{8};     // more than etcd needs to elect a leader
inline constexpr std::chrono::seconds follow_patience{10};   // for an own write to come back
inline constexpr std::string_view no_leader = "No cluster leader"; // Consul's words

} // namespace gravity::registry::shared
