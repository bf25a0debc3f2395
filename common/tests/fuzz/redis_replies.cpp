// What a Redis answers, whole and byte by byte; and the text that names one.
#include "redis/codec.hpp"

#include <gravity/redis/url.hpp>

#include <cstdlib>
#include <stdexcept>

using namespace gravity::redis;

namespace {

/// The replies before the first fault, and whether there was one.
std::pair<std::vector<Value>, bool> replies(std::string_view bytes, std::size_t step) {
    ReplyReader reader({.max_bytes = 4096, .max_elements = 256});
    std::vector<Value> out;
    try {
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            reader.feed(bytes.substr(at, step));
            while (auto value = reader.next()) out.push_back(std::move(*value));
        }
    } catch (const Error&) {
        return {std::move(out), true};
    }
    return {std::move(out), false};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (size <= 4096) { // beyond, the limit strikes at another place
        const auto whole = replies(bytes, size + 1);
        if (replies(bytes, 1) != whole) std::abort();
    }
    try {
        const Url url = Url::parse(bytes);
        if (url.endpoints.empty()) std::abort();
    } catch (const std::invalid_argument& refused) {
        if (*refused.what() == '\0') std::abort();
    }
    return 0;
}
