#pragma once

#include "shared_engine.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the parts of the shared engine have in common.
namespace gravity::registry {
namespace shared {

inline constexpr std::chrono::seconds call_time{3};          // of one call; then another member is asked
inline constexpr std::chrono::milliseconds beat_time{1500};  // the same for those that must not be late
inline constexpr std::chrono::seconds contact_life{5};       // so long is what is known taken for the state of things
inline constexpr std::chrono::seconds write_patience{8};     // more than etcd needs to elect a leader
inline constexpr std::chrono::seconds follow_patience{10};   // for an own write to come back
inline constexpr std::string_view no_leader = "No cluster leader"; // Consul's words

} // namespace shared

/// Indexes from here on stand for the one that the store will give.
inline constexpr std::int64_t provisional = std::int64_t{1} << 62;

template <class R>
void settle(Row<R>& row, std::int64_t revision) {
    if (!row || row->modify_index < provisional) return;
    R known = *row;
    known.modify_index = revision;
    if (known.create_index >= provisional) known.create_index = revision;
    row = std::make_shared<const R>(std::move(known));
}
inline void settle(KeyResult& result, std::int64_t revision) { settle(result.entry, revision); }

struct SharedEngine::Batch {
    std::vector<Pending> pendings;
    std::vector<Reply> replies; // of each
    shared::Transaction transaction;
    bool asks = false;     // etcd must say whether what was read is so
    bool is_large = false; // one command, not evaluated yet, that changes more than a transaction holds
};

struct SharedEngine::Outcome {
    enum class Kind : unsigned char {
        applied,
        conflict, // it has not taken place and never will; the model must reach `revision` before the next try
        failed    // nothing is said about whether it has taken place
    };
    Kind kind = Kind::failed;
    std::int64_t revision = 0;
    std::string why{};
    std::int64_t large = 0; // revision of a large step that is in the way

    static Outcome applied(std::int64_t at) { return {Kind::applied, at, {}, 0}; }
    static Outcome conflict(std::int64_t newest, std::int64_t large) { return {Kind::conflict, newest, {}, large}; }
    static Outcome failed(std::string why) { return {Kind::failed, 0, std::move(why), 0}; }
};

} // namespace gravity::registry
