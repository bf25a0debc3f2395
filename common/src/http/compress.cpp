#include "white_space.hpp"

#include <gravity/http/coding_stream.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/wire.hpp>

#include <algorithm>
#include <array>
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <memory>
#include <new>
#include <stdexcept>
#include <zlib.h>

namespace gravity::http {
namespace {

constexpr int gzip_format = 15 + 16; // the largest window, with a gzip head instead of zlib's
constexpr std::size_t piece = 64 * 1024;

/// Weight in thousandths, RFC 9110 section 12.4.2; -1 if malformed.
int parse_weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) return -1;
    int value = (text[0] - '0') * 1000;
    int place = 100;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (c < '0' || c > '9') return -1;
        value += (c - '0') * place;
        place /= 10;
    }
    return value > 1000 ? -1 : value;
}

struct Weights {
    int identity = -1, gzip = -1, brotli = -1, zstd = -1, rest = -1; // -1: not named
};
Weights parse_weights(std::string_view accept_encoding) {
    Weights weights;
    each_list_member(accept_encoding, [&](std::string_view member) {
        const std::size_t semicolon = std::min(member.find(';'), member.size());
        const std::string_view name = trim_ows(member.substr(0, semicolon));
        int weight = 1000;
        if (semicolon != member.size()) {
            const std::string_view parameter = trim_ows(member.substr(semicolon + 1));
            if (parameter.size() < 2 || !iequals(parameter.substr(0, 2), "q=")) return;
            weight = parse_weight(parameter.substr(2));
            if (weight < 0) return;
        }
        if (iequals(name, "gzip") || iequals(name, "x-gzip")) weights.gzip = weight;
        else if (iequals(name, "br")) weights.brotli = weight;
        else if (iequals(name, "zstd")) weights.zstd = weight;
        else if (iequals(name, "identity")) weights.identity = weight;
        else if (name == "*") weights.rest = weight;
    });
    // A coding that is not named has the weight of "*"; without that, identity is acceptable (but last) and the others are not.
    if (weights.gzip < 0) weights.gzip = std::max(weights.rest, 0);
    if (weights.brotli < 0) weights.brotli = std::max(weights.rest, 0);
    if (weights.zstd < 0) weights.zstd = std::max(weights.rest, 0);
    if (weights.identity < 0) weights.identity = weights.rest == 0 ? 0 : 1;
    return weights;
}

std::string gzip(std::string_view data) {
    z_stream stream{};
    if (deflateInit2(&stream, 6, Z_DEFLATED, gzip_format, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
    std::string out(deflateBound(&stream, static_cast<uLong>(data.size())), '\0');
    std::size_t used = 0;
    int result = Z_OK;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    do { // zlib counts in 32 bits
        const std::size_t given = std::min<std::size_t>(data.size(), 1u << 30);
        if (stream.avail_in == 0 && !data.empty()) {
            stream.avail_in = static_cast<uInt>(given);
            data.remove_prefix(given);
        }
        const std::size_t room = std::min<std::size_t>(out.size() - used, 1u << 30);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
        stream.avail_out = static_cast<uInt>(room);
        result = deflate(&stream, data.empty() ? Z_FINISH : Z_NO_FLUSH);
        used += room - stream.avail_out;
    } while (result == Z_OK);
    deflateEnd(&stream);
    out.resize(used);
    return out;
}

std::optional<std::string> gunzip(std::string_view data, std::size_t max) {
    z_stream stream{};
    if (inflateInit2(&stream, gzip_format) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
    std::string out;
    std::array<char, piece> block;
    bool member_done = false;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    for (;;) {
        if (stream.avail_in == 0) {
            const std::size_t given = std::min<std::size_t>(data.size(), 1u << 30);
            stream.avail_in = static_cast<uInt>(given);
            data.remove_prefix(given);
        }
        if (member_done) {
            if (stream.avail_in == 0) return out;
            inflateReset(&stream);
        }
        stream.next_out = reinterpret_cast<Bytef*>(block.data());
        stream.avail_out = piece;
        const int result = inflate(&stream, Z_NO_FLUSH);
        const std::size_t made = piece - stream.avail_out;
        if (made > max - out.size()) return std::nullopt;
        out.append(block.data(), made);
        if (result != Z_OK && result != Z_STREAM_END) return std::nullopt; // damaged, or nothing more to read
        member_done = result == Z_STREAM_END;
    }
}

std::string brotli(std::string_view data) {
    std::size_t size = BrotliEncoderMaxCompressedSize(data.size());
    std::string out(std::max<std::size_t>(size, 16), '\0');
    size = out.size();
    // Quality 5: about gzip's speed and clearly smaller; 11 is a hundred times slower.
    if (!BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, data.size(), reinterpret_cast<const std::uint8_t*>(data.data()),
                               &size, reinterpret_cast<std::uint8_t*>(out.data())))
        throw std::bad_alloc();
    out.resize(size);
    return out;
}

std::optional<std::string> unbrotli(std::string_view data, std::size_t max) {
    const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr),
                                                                                   BrotliDecoderDestroyInstance);
    if (!state) throw std::bad_alloc();
    std::string out;
    std::array<char, piece> block;
    std::size_t left = data.size();
    auto next = reinterpret_cast<const std::uint8_t*>(data.data());
    for (;;) {
        std::size_t room = piece;
        auto at = reinterpret_cast<std::uint8_t*>(block.data());
        const auto result = BrotliDecoderDecompressStream(state.get(), &left, &next, &room, &at, nullptr);
        if (piece - room > max - out.size()) return std::nullopt;
        out.append(block.data(), piece - room);
        if (result == BROTLI_DECODER_RESULT_SUCCESS) break;
        if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return std::nullopt;
    }
    if (left != 0) return std::nullopt;
    return out;
}

} // namespace

std::string_view to_string(Coding coding) {
    switch (coding) {
    case Coding::gzip: return "gzip";
    case Coding::brotli: return "br";
    case Coding::zstd: return "zstd";
    default: return "identity";
    }
}

std::optional<Coding> choose_coding(std::string_view accept_encoding, OfferedCodings offered) {
    const Weights weights = parse_weights(accept_encoding);
    const int best_brotli = offered.brotli ? weights.brotli : 0, best_zstd = offered.zstd ? weights.zstd : 0;
    const int best = std::max({best_zstd, best_brotli, weights.gzip, weights.identity});
    if (best == 0) return std::nullopt;
    if (best == best_zstd) return Coding::zstd;
    if (best == best_brotli) return Coding::brotli;
    return best == weights.gzip ? Coding::gzip : Coding::identity;
}

bool accepts_gzip(std::string_view accept_encoding) { return parse_weights(accept_encoding).gzip > 0; }

std::string compress(Coding coding, std::string_view data) {
    switch (coding) {
    case Coding::gzip: return gzip(data);
    case Coding::brotli: return brotli(data);
    case Coding::zstd: throw std::invalid_argument("zstd is not there");
    default: return std::string(data);
    }
}

std::optional<std::string> decompress(Coding coding, std::string_view data, std::size_t max) {
    if (coding == Coding::gzip) return gunzip(data, max);
    if (coding == Coding::brotli) return unbrotli(data, max);
    if (coding == Coding::zstd) return std::nullopt;
    if (data.size() > max) return std::nullopt;
    return std::string(data);
}

bool is_compressible(std::string_view content_type) {
    const std::string_view type = trim_ows(content_type.substr(0, content_type.find(';')));
    if (type.size() > 5 && iequals(type.substr(0, 5), "text/")) return true;
    for (const std::string_view suffix : {"+json", "+xml"})
        if (type.size() > suffix.size() && iequals(type.substr(type.size() - suffix.size()), suffix)) return true;
    for (const std::string_view known : {"application/json", "application/javascript", "application/xml", "application/wasm",
                                         "application/x-ndjson", "image/bmp", "font/ttf", "font/otf"})
        if (iequals(type, known)) return true;
    return false;
}

void compress_response(const Request& request, Response& response) {
    const auto type = response.headers.get("Content-Type");
    const bool event_stream = type && type->substr(0, 17) == "text/event-stream";
    if (response.body.size() < compress_from || !type || event_stream || !is_compressible(*type) || response.headers.has("Content-Encoding") ||
        response.headers.has("Content-Range"))
        return;
    response.headers.add("Vary", "Accept-Encoding"); // whatever comes out: another client may get something else
    const auto coding = choose_coding(request.headers.joined("Accept-Encoding"));
    if (!coding || *coding == Coding::identity) return;
    std::string smaller = compress(*coding, response.body);
    if (smaller.size() >= response.body.size()) return;
    response.body = std::move(smaller);
    response.headers.set("Content-Encoding", to_string(*coding));
    if (const auto etag = response.headers.get("ETag")) response.headers.set("ETag", coded_etag(*etag, to_string(*coding)));
}

struct GzipStream::State {
    CodingStream coding{Coding::gzip};
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {}
GzipStream::~GzipStream() = default;
std::string GzipStream::push(std::string_view data) {
    std::string out;
    state_->coding.push(data, out);
    return out;
}
std::string GzipStream::finish() {
    std::string out;
    state_->coding.finish(out);
    return out;
}

} // namespace gravity::http
