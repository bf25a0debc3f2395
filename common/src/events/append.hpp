#pragma once

#include "events/outbox.hpp"

#include <gravity/redis/script.hpp>
#include <gravity/redis/value.hpp>

#include <string>
#include <vector>

/// Appending to a producer's stream so that each number holds one event, whoever appends and however often.
namespace gravity::events {

/// What the stream said.
struct Appended {
    enum class Kind : unsigned char {
        done,       // all of them are there now
        gap,        // the stream ends before the one in front of the first: it has lost entries
        other_epoch // it holds other events under these numbers, or a later epoch
    };
    Kind kind = Kind::done;
    Place top;                // last entry of the stream
    std::int64_t added = 0;
    std::int64_t present = 0; // were there already
};

extern const redis::Script append_script;
/// Arguments of the script. `allow_gap`: what is missing in front is gone for good.
std::vector<std::string> append_arguments(const std::vector<Outgoing>& events, std::uint64_t stream_length, bool allow_gap);
/// Throws redis::Error for a reply that cannot be.
Appended parse_appended(const redis::Value& reply);

} // namespace gravity::events
