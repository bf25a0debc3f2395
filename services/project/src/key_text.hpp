#pragma once

#include <gravity/base/bytes.hpp>
#include <gravity/base/secret.hpp>

#include <optional>
#include <string>
#include <string_view>

/// API keys as text: `grv_<environment>_<public id, 12>_<secret, 43><check, 6>`, in the base 62 of `0-9A-Za-z`. The secret has 256 random bits. The check is
/// the CRC-32 of all before it, as GitHub's tokens have it: what is none of our keys is known without a look-up, here and by scanners. Pure.
namespace gravity::project::key_text {

/// One that never was: its public id, and all of it.
struct Fresh {
    std::string public_id;
    Secret<> text;
};
Fresh fresh(std::string_view environment);

/// The part that finds its row; nothing for what is no such text.
std::optional<std::string> public_id_of(std::string_view text);

/// What is stored of it: SHA-256 of the text, 32 bytes.
Bytes hash_of(std::string_view text);

/// CRC-32 of ISO-HDLC, that of zlib, PNG and Ethernet.
std::uint32_t crc32(std::string_view bytes);

} // namespace gravity::project::key_text
