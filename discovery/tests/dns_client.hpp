#pragma once

#include "dns_message.hpp"

#include <cstdint>
#include <string>

/// DNS packets made by hand, independently of the code that reads them.
namespace gravity::registry::dns::test {

inline std::string u16(std::size_t number) { return {static_cast<char>(number >> 8), static_cast<char>(number)}; }

inline std::string wire(const Name& name) {
    std::string bytes;
    for (const std::string& label : name) bytes += static_cast<char>(label.size()) + label;
    return bytes + '\0';
}

/// A question as a client sends it; `udp_bytes` 0: without EDNS0.
inline std::string question(const std::string& name, Type type, std::size_t udp_bytes = 0, std::uint16_t flags = 0x0100) {
    std::string packet = u16(0xABCD) + u16(flags) + u16(1) + u16(0) + u16(0) + u16(udp_bytes == 0 ? 0 : 1);
    packet += wire(name_of(name)) + u16(static_cast<std::size_t>(type)) + u16(class_in);
    if (udp_bytes != 0) packet += std::string(1, '\0') + u16(41) + u16(udp_bytes) + u16(0) + u16(0) + u16(0);
    return packet;
}

/// The 16 bits at an offset of an answer: 2 flags, 6 answers, 8 authority, 10 additional.
inline std::size_t number(const std::string& packet, std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(packet.at(at)) << 8 | static_cast<unsigned char>(packet.at(at + 1)));
}

} // namespace gravity::registry::dns::test
