#pragma once

#include <cstdint>
#include <string_view>

namespace gravity::config {

/// MurmurHash3_x86_32 (Austin Appleby, public domain), of bytes in the order of their places on any machine.
std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed = 0);

} // namespace gravity::config
