#pragma once

#include <gravity/http/message.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// Content codings (RFC 9110 sections 8.4 and 12.5.3). Plain functions that cost CPU: call them off the I/O thread for large bodies.
namespace gravity::http {

enum class Coding : std::uint8_t {
    identity,
    gzip,
    brotli,
    zstd // only who says so offers it, and has the coder: `compress` and `decompress` do not
};

std::string_view to_string(Coding coding); // as in Content-Encoding

/// What there is beside gzip and identity.
struct OfferedCodings {
    bool brotli = true;
    bool zstd = false;
};
/// The coding that the client wants most of those we have; between equals zstd, brotli, gzip, identity. Nothing if it refuses all of them,
/// identity included; then send identity nevertheless, or 406.
std::optional<Coding> choose_coding(std::string_view accept_encoding, OfferedCodings offered = {});
/// Whether the client takes gzip at all.
bool accepts_gzip(std::string_view accept_encoding);

/// Throws std::bad_alloc, and std::invalid_argument for zstd.
std::string compress(Coding coding, std::string_view data);
/// Nothing if the data is zstd, damaged, cut short, or would be longer than `max` (a bomb). For gzip several members are one (RFC 1952 section 2.2).
std::optional<std::string> decompress(Coding coding, std::string_view data, std::size_t max);

/// Text, JSON, XML, scripts, fonts that are not compressed yet.
bool is_compressible(std::string_view content_type);

/// gzip of data that comes in pieces.
class GzipStream {
public:
    GzipStream();
    ~GzipStream();
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;

    /// What is ready to be sent after this piece, perhaps nothing.
    std::string push(std::string_view data);
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The least body that is worth compressing.
inline constexpr std::size_t compress_from = 1024;

/// Compresses the body if that is wanted, allowed and worth it (from 1 KiB on and smaller afterwards). Sets Content-Encoding and Vary, and
/// gives the bytes, which are others, an entity tag of their own (conditional.hpp).
void compress_response(const Request& request, Response& response);

} // namespace gravity::http
