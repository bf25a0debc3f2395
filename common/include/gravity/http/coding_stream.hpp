#pragma once

#include <gravity/http/compress.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace gravity::http {

/// Compresses data that comes in pieces, with memory that does not grow: about 256 KiB for gzip, a mebibyte for brotli. Faster and a little less tight than
/// what `compress` does with the whole.
class CodingStream {
public:
    /// gzip or brotli; throws std::invalid_argument for others, std::bad_alloc.
    explicit CodingStream(Coding coding);
    ~CodingStream();
    CodingStream(CodingStream&&) noexcept;
    CodingStream& operator=(CodingStream&&) noexcept;

    // Each appends to `out` what is ready to be sent, perhaps nothing.
    void push(std::string_view data, std::string& out);
    /// Whoever has received it all can read all that was pushed. Costs a few bytes each time.
    void flush(std::string& out);
    void finish(std::string& out);

private:
    struct State;
    struct Gzip;
    struct Brotli;
    std::unique_ptr<State> state_;
};

} // namespace gravity::http
