#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace gravity::redis {

/// How long to wait before try `attempt` (0 is the first after a failure): a random part of the doubling span, so that
/// clients which lost the same server do not come back together ("full jitter"). `random` is uniform over its whole
/// range.
inline std::chrono::milliseconds reconnect_delay(std::chrono::milliseconds base, std::chrono::milliseconds cap,
                                                 std::uint32_t attempt, std::uint64_t random) {
    auto span = base;
    for (std::uint32_t i = 0; i < attempt && span < cap; ++i) span *= 2;
    span = std::min(span, cap);
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(span.count()) + 1)));
}

} // namespace gravity::redis
