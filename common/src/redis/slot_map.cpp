#include "redis/slot_map.hpp"

#include <algorithm>

namespace gravity::redis {

namespace {

constexpr std::array<std::uint16_t, 256> make_table() {
    std::array<std::uint16_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        table[byte] = static_cast<std::uint16_t>(crc);
    }
    return table;
}
constexpr auto crc_table = make_table();

[[noreturn]] void not_slots(const char* why) { throw Error(ErrorKind::protocol, std::string("CLUSTER SLOTS: ") + why); }

/// Nothing for a node whose name the cluster does not know ("?").
std::optional<Endpoint> parse_node(const Value& node, const Endpoint& asked) {
    const auto& parts = node.as_array();
    if (parts.size() < 2) not_slots("a node has an address and a port");
    Endpoint out;
    out.host = parts[0].is_nil() || parts[0].text.empty() ? asked.host : parts[0].as_text();
    if (out.host == "?") return std::nullopt;
    auto port = parts[1].as_integer();
    if (port <= 0 || port > 65535) not_slots("a port is out of range");
    out.port = static_cast<std::uint16_t>(port);
    return out;
}

} // namespace

std::uint16_t crc16(std::string_view bytes) {
    std::uint32_t crc = 0;
    for (char c : bytes) crc = ((crc << 8) & 0xffff) ^ crc_table[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff];
    return static_cast<std::uint16_t>(crc);
}

std::uint16_t slot_of(std::string_view key) {
    auto open = key.find('{');
    if (open != std::string_view::npos) {
        auto close = key.find('}', open + 1);
        if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
    }
    return crc16(key) % slot_count;
}

SlotMap SlotMap::parse(const Value& reply, const Endpoint& asked) {
    SlotMap map;
    map.owners_.assign(slot_count, nobody);
    for (const Value& range : reply.as_array()) {
        const auto& parts = range.as_array();
        if (parts.size() < 3) not_slots("a range has a beginning, an end and a node");
        auto first = parts[0].as_integer();
        auto last = parts[1].as_integer();
        if (first < 0 || last < first || last >= slot_count) not_slots("a range is out of bounds");
        for (std::size_t i = 2; i < parts.size(); ++i) {
            auto node = parse_node(parts[i], asked);
            if (!node) continue;
            if (std::find(map.nodes_.begin(), map.nodes_.end(), *node) == map.nodes_.end()) map.nodes_.push_back(*node);
            if (i != 2) continue; // replicas
            auto index = map.index_of(*node);
            std::fill(map.owners_.begin() + first, map.owners_.begin() + last + 1, index);
        }
    }
    return map;
}

std::uint16_t SlotMap::index_of(const Endpoint& master) {
    auto at = std::find(masters_.begin(), masters_.end(), master);
    if (at == masters_.end()) {
        if (masters_.size() >= slot_count) not_slots("more masters than slots");
        at = masters_.insert(masters_.end(), master);
    }
    return static_cast<std::uint16_t>(at - masters_.begin());
}

std::optional<Endpoint> SlotMap::owner(std::uint16_t slot) const {
    if (slot >= owners_.size() || owners_[slot] == nobody) return std::nullopt;
    return masters_[owners_[slot]];
}

void SlotMap::set(std::uint16_t slot, const Endpoint& owner) {
    if (slot >= slot_count) return;
    if (owners_.empty()) owners_.assign(slot_count, nobody);
    owners_[slot] = index_of(owner);
    if (std::find(nodes_.begin(), nodes_.end(), owner) == nodes_.end()) nodes_.push_back(owner);
}

bool SlotMap::has_master(const Endpoint& node) const {
    return std::find(masters_.begin(), masters_.end(), node) != masters_.end();
}

} // namespace gravity::redis
