#pragma once

#include "head.hpp"

#include <gravity/http/coding_stream.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ZSTD_CCtx_s; // libzstd's

namespace gravity::gateway {

/// What becomes of an answer of a route that compresses. Pure.
struct CompressionPlan {
    http::Coding coding = http::Coding::identity; // what it is sent with
    bool varies = false;                          // another client may get it otherwise: Vary has to say so, and does not yet
};

/// All of its Accept-Encoding fields as one list; empty if there is none.
std::string accepted_codings(std::string_view bytes, const RequestHead& head);
/// The coding that a client wants of those there are.
http::Coding wanted_coding(std::string_view bytes, const RequestHead& head);

/// Left as it is: what is short, no text, coded already, a part (206), marked `no-transform`, digested by a field, or sets a cookie (with a secret in it and
/// something of the request beside it, its length would give the secret away: BREACH).
CompressionPlan plan_compression(http::Coding wanted, http::Method method, std::string_view bytes, const ResponseHead& head);

/// A field of the answer as it goes out compressed; empty: it does not.
std::string coded_field(std::string_view name, std::string_view value);

/// The whole head of an answer that is kept, as the plan has it.
std::string planned_head(std::string_view head, const CompressionPlan& plan);

/// zstd (RFC 8878) of data that comes in pieces, with memory that does not grow: about a mebibyte. The window is 256 KiB, far below what a client has to have
/// (RFC 9659: 8 MiB).
class ZstdStream {
public:
    /// Throws std::bad_alloc.
    ZstdStream();

    // As those of CodingStream.
    void push(std::string_view data, std::string& out);
    void flush(std::string& out);
    void finish(std::string& out);

private:
    struct Free {
        void operator()(ZSTD_CCtx_s* context) const;
    };
    void run(std::string_view data, int how, std::string& out);
    std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

/// An answer that is being compressed.
struct Compressing {
    explicit Compressing(http::Coding coding);
    void push(std::string_view data, std::string& out) { zstd ? zstd->push(data, out) : stream->push(data, out); }
    void flush(std::string& out) { zstd ? zstd->flush(out) : stream->flush(out); }
    void finish(std::string& out) { zstd ? zstd->finish(out) : stream->finish(out); }

    std::optional<http::CodingStream> stream; // one of the two
    std::optional<ZstdStream> zstd;
    bool chunked = false;
    std::array<char, 20> size_line{};
};

} // namespace gravity::gateway
