#include <gravity/base/ascii.hpp>
#include <gravity/http/sniff.hpp>

#include <algorithm>

namespace gravity::http {
namespace {

using namespace std::string_view_literals;

struct Signature {
    std::size_t offset;
    std::string_view bytes;
    std::string_view type;
};
constexpr Signature signatures[] = {
    {0, "\x89PNG\r\n\x1a\n"sv, "image/png"},
    {0, "\xff\xd8\xff"sv, "image/jpeg"},
    {0, "GIF87a"sv, "image/gif"},
    {0, "GIF89a"sv, "image/gif"},
    {0, "BM"sv, "image/bmp"},
    {0, "\0\0\1\0"sv, "image/x-icon"},
    {0, "II*\0"sv, "image/tiff"},
    {0, "MM\0*"sv, "image/tiff"},
    {0, "%PDF-"sv, "application/pdf"},
    {0, "PK\x03\x04"sv, "application/zip"},
    {0, "PK\x05\x06"sv, "application/zip"},
    {0, "\x1f\x8b\x08"sv, "application/gzip"},
    {0, "Rar!\x1a\x07"sv, "application/vnd.rar"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "application/x-7z-compressed"},
    {0, "\x28\xb5\x2f\xfd"sv, "application/zstd"},
    {0, "OggS\0"sv, "application/ogg"},
    {0, "fLaC"sv, "audio/flac"},
    {0, "ID3"sv, "audio/mpeg"},
    {0, "\x1a\x45\xdf\xa3"sv, "video/webm"},
    {0, "wOFF"sv, "font/woff"},
    {0, "wOF2"sv, "font/woff2"},
    {0, "\0asm"sv, "application/wasm"},
    {0, "\x7f"
        "ELF"sv,
     "application/x-executable"},
};

bool is_text(std::string_view bytes) {
    // The piece may end within a character, so only what can never be text decides: the binary bytes of WHATWG section 3.
    return std::none_of(bytes.begin(), bytes.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x08 || byte == 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);
    });
}

} // namespace

std::string_view sniff_type(std::string_view bytes) {
    bytes = bytes.substr(0, 512);
    for (const Signature& known : signatures)
        if (bytes.size() >= known.offset + known.bytes.size() && bytes.substr(known.offset, known.bytes.size()) == known.bytes) return known.type;
    if (bytes.size() >= 12 && bytes.starts_with("RIFF")) {
        const auto form = bytes.substr(8, 4);
        if (form == "WEBP") return "image/webp";
        if (form == "WAVE") return "audio/wav";
        if (form == "AVI ") return "video/avi";
    }
    if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp") {
        const auto brand = bytes.substr(8, 4);
        if (brand == "avif" || brand == "avis") return "image/avif";
        if (brand == "heic" || brand == "heix" || brand == "mif1") return "image/heic";
        return "video/mp4";
    }
    if (bytes.size() >= 2 && bytes[0] == '\xff' && (bytes[1] & '\xe0') == '\xe0') return "audio/mpeg";
    if (!is_text(bytes)) return "application/octet-stream";
    auto text = bytes.starts_with("\xef\xbb\xbf") ? bytes.substr(3) : bytes;
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\r' || text.front() == '\n')) text.remove_prefix(1);
    const auto begins = [&text](std::string_view with) { return text.size() >= with.size() && ascii::iequals(text.substr(0, with.size()), with); };
    if (begins("<!doctype html") || begins("<html") || begins("<script") || begins("<head") || begins("<body") || begins("<iframe")) return "text/html";
    if (begins("<svg") || (begins("<?xml") && text.find("<svg") != std::string_view::npos)) return "image/svg+xml";
    if (begins("<?xml")) return "text/xml";
    return "text/plain";
}

} // namespace gravity::http
