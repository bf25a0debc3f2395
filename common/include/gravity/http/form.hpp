#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/exchange.hpp>
#include <gravity/http/multipart.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gravity::http {

/// The bytes of an uploaded file in a temporary file without a name: gone with this object, or with the process. Movable.
class SpooledFile {
public:
    /// Throws std::system_error if the folder cannot hold one.
    explicit SpooledFile(const std::string& folder);
    SpooledFile(SpooledFile&& other) noexcept;
    SpooledFile& operator=(SpooledFile&& other) noexcept;
    ~SpooledFile();

    void append(std::string_view data); // throws std::system_error (disk full ...)
    std::uint64_t size() const { return size_; }
    /// Up to `most` bytes from `offset`; empty at the end. Throws std::system_error. Any thread, one at a time.
    std::string read(std::uint64_t offset, std::size_t most) const;
    int descriptor() const { return fd_; }

private:
    int fd_;
    std::uint64_t size_ = 0;
};

struct FormField {
    std::string name;
    std::string value;
};
struct FormFile {
    std::string name;         // the field's
    std::string filename;     // a label; never a path
    std::string content_type; // what the client says: not to be believed
    SpooledFile content;
    std::string sniffed_type{}; // what its first bytes speak for (http/sniff.hpp)
    std::string sha256{};       // hexadecimal
};
struct Form {
    std::vector<FormField> fields;
    std::vector<FormFile> files;
};

struct FormOptions {
    MultipartLimits limits{};
    std::size_t max_field_bytes = 64 * 1024; // of a part without filename, which is kept in memory
    std::string spool_folder = "/tmp";
};

/// Reads a multipart/form-data body, files to disk as they come. The refusal (400, 413, or 415 for another Content-Type) is to be
/// answered by the caller. Throws as Exchange::read_some does, and std::system_error when the disk fails. Writing to the spool
/// blocks the I/O thread for one piece of 64 KiB at a time, which the page cache takes.
Task<std::variant<Form, WireRefusal>> read_form(Exchange& exchange, FormOptions options);

} // namespace gravity::http
