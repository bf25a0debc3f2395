#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// A ZIP archive (PKWARE APPNOTE 6.3.3) that is written while it is sent: files one after the other, as they are, then the directory. Names are UTF-8. Up to
/// 65,535 files and 4 GiB in all; what is more throws std::length_error.
namespace gravity::user {

/// CRC-32 of IEEE 802.3, as ZIP has it.
std::uint32_t crc32(std::string_view bytes);

class ZipWriter {
public:
    /// What goes before the bytes of a file, which follow it as they are.
    std::string begin_file(std::string name, std::string_view bytes);
    /// What goes at the end.
    std::string finish() const;

private:
    struct Entry {
        std::string name;
        std::uint32_t crc = 0;
        std::uint32_t size = 0;
        std::uint32_t offset = 0;
    };
    std::vector<Entry> entries_;
    std::uint64_t written_ = 0;
};

} // namespace gravity::user
