#pragma once

#include "response_cache.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gravity::gateway {

/// What a session knows of a request in which the cache has a part, from its head to the end of its answer.
struct Caching {
    CacheRequest request;
    std::string host;
    bool invalidates = false; // of an unsafe method: a good answer makes what is kept outdated
    std::uint64_t ticket = 0; // of the fetch it waits for
    ResponseCache::Lead lead;
    StoredPtr stored;         // stale, for the case that the service fails; or what is used
    bool validating = false;  // the request asks whether `stored` is still so
    Moment asked;             // when the request went out
    std::string note;         // for Cache-Status (RFC 9211)

    // The answer: received and sent each at its own speed, so that a slow client keeps nobody waiting.
    bool sends = false;           // it goes this way
    std::optional<Stored> draft;  // what it will be kept as, while it is received
    ResponseCache::Room room;
    std::string collected;
    bool too_long = false;        // to be kept after all: when what is here has been sent, the rest goes past the cache
    bool finished = false;        // `body` is the whole of it
    std::shared_ptr<const std::string> body;
    std::size_t sent = 0, end = 0; // of the body, to be sent up to `end`
    bool chunked = false, last_chunk_sent = false;
    std::array<char, 20> size_line{};
};

} // namespace gravity::gateway
