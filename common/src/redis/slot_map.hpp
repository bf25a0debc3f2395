#pragma once

#include <gravity/redis/url.hpp>
#include <gravity/redis/value.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// Which node of a Redis Cluster serves which key (redis.io, "Redis cluster specification").
namespace gravity::redis {

inline constexpr std::uint16_t slot_count = 16384;

/// CRC-16/XMODEM: polynomial 0x1021, start 0.
std::uint16_t crc16(std::string_view bytes);

/// The slot of a key: of what stands between the first '{' and the next '}' if that is not empty, else of the whole
/// key.
std::uint16_t slot_of(std::string_view key);

class SlotMap {
public:
    /// From the reply of CLUSTER SLOTS. `asked`: who answered; a node that does not know its own name is where we
    /// asked. Throws Error{protocol}.
    static SlotMap parse(const Value& reply, const Endpoint& asked);

    std::optional<Endpoint> owner(std::uint16_t slot) const;
    /// One slot has moved (a MOVED reply).
    void set(std::uint16_t slot, const Endpoint& owner);

    const std::vector<Endpoint>& masters() const { return masters_; }
    /// Replicas too: whom to ask when a master is gone.
    const std::vector<Endpoint>& nodes() const { return nodes_; }
    bool empty() const { return masters_.empty(); }
    bool has_master(const Endpoint& node) const;

private:
    std::uint16_t index_of(const Endpoint& master);

    static constexpr std::uint16_t nobody = 0xffff;
    std::vector<std::uint16_t> owners_; // by slot, into masters_
    std::vector<Endpoint> masters_;
    std::vector<Endpoint> nodes_;
};

} // namespace gravity::redis
