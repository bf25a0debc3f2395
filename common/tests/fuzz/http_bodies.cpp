// Chunked bodies, forms and event streams: the same outcome whole and byte by byte.
#include <gravity/http/multipart.hpp>
#include <gravity/http/sse.hpp>

#include <cstdlib>

using namespace gravity::http;

namespace {

std::string chunks(std::string_view bytes, std::size_t step) {
    ChunkDecoder decoder;
    std::string out;
    auto state = ChunkDecoder::State::more;
    while (!bytes.empty() && state == ChunkDecoder::State::more) {
        const auto taken = decoder.decode(bytes.substr(0, step));
        out += taken.data;
        bytes.remove_prefix(taken.consumed);
        state = taken.state;
    }
    return out + static_cast<char>('0' + static_cast<int>(state));
}

std::string form(std::string_view bytes, std::size_t step) {
    MultipartLimits limits;
    limits.parts = 5;
    limits.header_bytes = 1 << 20; // limits cut earlier or later by step: not compared here
    MultipartParser parser("b", limits);
    std::string out;
    const MultipartParser::Sink sink{[&](MultipartPart part) { out += "[" + part.name + part.filename.value_or("-") + ":"; },
                                     [&](std::string_view data) { out += data; }, [&] { out += "]"; }};
    for (std::size_t at = 0; at < bytes.size(); at += step)
        if (parser.feed(bytes.substr(at, step), sink)) return "refused";
    // An unfinished part may be withheld by another length at its end.
    return parser.complete() ? out : "incomplete";
}

std::string events(std::string_view bytes, std::size_t step) {
    SseParser parser;
    std::string out;
    const SseParser::Sink sink = [&](SseEvent event) { out += "[" + event.id + "|" + event.event + "|" + event.data + "]"; };
    for (std::size_t at = 0; at < bytes.size(); at += step) parser.feed(bytes.substr(at, step), sink);
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const std::size_t step : {1u, 3u, 17u})
        if (chunks(bytes, step) != chunks(bytes, size + 1) || form(bytes, step) != form(bytes, size + 1) ||
            events(bytes, step) != events(bytes, size + 1))
            std::abort();
    return 0;
}
