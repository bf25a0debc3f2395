#include "zip.hpp"

#include <array>
#include <limits>
#include <stdexcept>
#include <utility>

namespace gravity::user {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? 0xEDB88320U ^ (c >> 1U) : c >> 1U;
        table[i] = c;
    }
    return table;
}();

void put16(std::string& out, std::uint32_t value) {
    out += static_cast<char>(value & 0xFFU);
    out += static_cast<char>(value >> 8U & 0xFFU);
}
void put32(std::string& out, std::uint32_t value) {
    put16(out, value & 0xFFFFU);
    put16(out, value >> 16U);
}

constexpr std::uint32_t version_needed = 20, names_are_utf8 = 1U << 11U, not_compressed = 0;
constexpr std::uint32_t no_time = 0, first_day = 1U << 5U | 1U; // 1980-01-01: what is in it tells when it was made

} // namespace

std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char byte : bytes) crc = crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU] ^ (crc >> 8U);
    return crc ^ 0xFFFFFFFFU;
}

// Section 4.3.7.
std::string ZipWriter::begin_file(std::string name, std::string_view bytes) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    if (entries_.size() >= 65'535 || written_ + bytes.size() + name.size() + 30 > most || name.size() > 65'535)
        throw std::length_error("too much for a ZIP archive");
    Entry entry{std::move(name), crc32(bytes), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(written_)};
    std::string out;
    put32(out, 0x04034B50U);
    for (const std::uint32_t field : {version_needed, names_are_utf8, not_compressed, no_time, first_day}) put16(out, field);
    for (const std::uint32_t field : {entry.crc, entry.size, entry.size}) put32(out, field);
    put16(out, static_cast<std::uint32_t>(entry.name.size()));
    put16(out, 0);
    out += entry.name;
    written_ += out.size() + bytes.size();
    entries_.push_back(std::move(entry));
    return out;
}

// Sections 4.3.12 and 4.3.16.
std::string ZipWriter::finish() const {
    std::string out;
    for (const Entry& entry : entries_) {
        put32(out, 0x02014B50U);
        for (const std::uint32_t field : {version_needed, version_needed, names_are_utf8, not_compressed, no_time, first_day}) put16(out, field);
        for (const std::uint32_t field : {entry.crc, entry.size, entry.size}) put32(out, field);
        put16(out, static_cast<std::uint32_t>(entry.name.size()));
        for (int i = 0; i < 4; ++i) put16(out, 0); // no extra field, comment, second disk, attributes
        put32(out, 0);
        put32(out, entry.offset);
        out += entry.name;
    }
    const auto directory = static_cast<std::uint32_t>(out.size());
    put32(out, 0x06054B50U);
    put32(out, 0);
    for (int i = 0; i < 2; ++i) put16(out, static_cast<std::uint32_t>(entries_.size()));
    put32(out, directory);
    put32(out, static_cast<std::uint32_t>(written_));
    put16(out, 0);
    return out;
}

} // namespace gravity::user
