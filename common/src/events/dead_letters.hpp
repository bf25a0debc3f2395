#pragma once

#include "events/stream_keys.hpp"

#include <gravity/async/task.hpp>
#include <gravity/base/time.hpp>
#include <gravity/events/consumers.hpp>
#include <gravity/redis/client.hpp>
#include <gravity/redis/streams.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gravity::events {

/// What moves an entry of `stream` (the events or the replay) to the dead letters; to be run as one transaction, so that it is never in both or in neither.
std::vector<redis::Command> burial(const StreamKeys& keys, const std::string& stream, const redis::StreamEntry& entry, const std::string& reason, int attempts,
                                   Timestamp at);

/// The oldest dead letters of one producer. Throws redis::Error.
Task<std::vector<DeadLetter>> read_dead_letters(std::shared_ptr<redis::Client> broker, StreamKeys keys, std::size_t limit);

/// Moves dead letters to the replay, all or the one with this id; how many. Throws redis::Error.
Task<std::int64_t> replay_dead_letters(std::shared_ptr<redis::Client> broker, StreamKeys keys, std::string id);

} // namespace gravity::events
