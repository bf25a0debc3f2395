#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/exchange.hpp>

#include <string>
#include <string_view>

namespace gravity::http {

struct StaticFilesOptions {
    std::string index = "index.html";              // answered for a path that ends with '/'; empty: none
    std::string cache_control = "no-cache";        // kept, but asked about each time; "public, max-age=31536000, immutable" for hashed names
    bool precompressed = true;                     // "x.js.gz" beside "x.js", if it is not older, for clients that take gzip
};

/// Serves the files of one folder by GET and HEAD: ETag, Last-Modified, conditions and byte ranges (RFC 9110 sections 13 and 14).
/// A path is walked name by name from the folder's descriptor and no symbolic link is followed, so nothing outside can be reached;
/// names that begin with a dot do not exist. Reading a file blocks the I/O thread for one piece of 64 KiB at a time.
class StaticFiles {
public:
    /// Throws std::system_error if the folder cannot be opened.
    explicit StaticFiles(const std::string& folder, StaticFilesOptions options = {});
    ~StaticFiles();
    StaticFiles(const StaticFiles&) = delete;
    StaticFiles& operator=(const StaticFiles&) = delete;

    /// `path`: percent-encoded, below the folder, with or without a leading '/'. False, and nothing answered, if there is no such
    /// file or the method is another one. Must outlive the call.
    Task<bool> serve(Exchange& exchange, std::string_view path) const;

private:
    int folder_;
    StaticFilesOptions options_;
};

/// By the file name's extension; "application/octet-stream" if it is not known.
std::string_view media_type_of(std::string_view filename);

} // namespace gravity::http
