#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/trace/context.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace gravity::trace {
namespace {

constexpr std::size_t version_00_length = 55;
constexpr std::size_t max_state_bytes = 512;
constexpr std::size_t max_state_members = 32;

template <std::size_t N> std::string hex(const std::array<std::uint8_t, N>& id) {
    return hex_encode({reinterpret_cast<const char*>(id.data()), N});
}

template <std::size_t N> char* write_hex(const std::array<std::uint8_t, N>& id, char* out) {
    constexpr char digits[] = "0123456789abcdef";
    for (const std::uint8_t byte : id) {
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 0xf];
    }
    return out;
}

bool lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

template <std::size_t N> void read_hex(std::string_view text, std::array<std::uint8_t, N>& out) {
    const std::string bytes = *hex_decode(text);
    std::memcpy(out.data(), bytes.data(), N);
}

/// Ids must be unlikely to meet, not hard to guess: a generator of the thread's own, so that a request costs no system call.
std::uint64_t random_word() {
    thread_local std::mt19937_64 generator = [] {
        std::array<std::uint32_t, 8> seed;
        fill_random(seed.data(), sizeof seed);
        std::seed_seq sequence(seed.begin(), seed.end());
        return std::mt19937_64(sequence);
    }();
    return generator();
}

template <std::size_t N> void fill(std::array<std::uint8_t, N>& id) {
    static_assert(N % sizeof(std::uint64_t) == 0);
    do {
        for (std::size_t i = 0; i < N; i += sizeof(std::uint64_t)) {
            const std::uint64_t word = random_word();
            std::memcpy(id.data() + i, &word, sizeof word);
        }
    } while (id == std::array<std::uint8_t, N>{});
}

/// Section 3.3.1.3.1: simple-key, or tenant@system.
bool state_key(std::string_view key) {
    const auto part = [](std::string_view text, std::size_t longest, bool digit_first) {
        if (text.empty() || text.size() > longest) return false;
        if (!ascii::is_lower(text.front()) && !(digit_first && ascii::is_digit(text.front()))) return false;
        return std::all_of(text.begin(), text.end(), [](char c) {
            return ascii::is_lower(c) || ascii::is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
        });
    };
    const auto at = key.find('@');
    if (at == std::string_view::npos) return part(key, 256, false);
    return part(key.substr(0, at), 241, true) && part(key.substr(at + 1), 14, false);
}

/// Section 3.3.1.3.2: printable, neither comma nor equals, not ending in a space.
bool state_value(std::string_view value) {
    return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
           std::all_of(value.begin(), value.end(),
                       [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

} // namespace

std::string Context::trace_id_text() const { return hex(trace_id); }
std::string Context::span_id_text() const { return hex(span_id); }

std::optional<Context> parse_traceparent(std::string_view header) {
    if (header.size() < version_00_length) return std::nullopt;
    if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
    const std::string_view version = header.substr(0, 2);
    const std::string_view trace_id = header.substr(3, 32);
    const std::string_view span_id = header.substr(36, 16);
    const std::string_view flags = header.substr(53, 2);
    if (!lower_hex(version) || !lower_hex(trace_id) || !lower_hex(span_id) || !lower_hex(flags) || version == "ff")
        return std::nullopt;
    if (header.size() > version_00_length && (version == "00" || header[version_00_length] != '-')) return std::nullopt;
    Context context;
    read_hex(trace_id, context.trace_id);
    read_hex(span_id, context.span_id);
    context.sampled = ((*hex_decode(flags))[0] & 1) != 0;
    if (!context.valid()) return std::nullopt;
    return context;
}

std::string format_traceparent(const Context& context) {
    std::string out(version_00_length, '-'); // each request has one: a single allocation
    out[0] = out[1] = '0';
    char* at = write_hex(context.trace_id, out.data() + 3);
    at = write_hex(context.span_id, at + 1);
    at[1] = '0';
    at[2] = context.sampled ? '1' : '0';
    return out;
}

std::string clean_tracestate(std::string_view combined) {
    if (combined.size() > max_state_bytes) return {};
    std::string out;
    std::vector<std::string_view> keys;
    for (std::string_view member : ascii::split(combined, ',')) {
        member = ascii::trim(member);
        if (member.empty()) continue; // empty members are allowed, and left out when passed on
        const auto equals = member.find('=');
        if (equals == std::string_view::npos) return {};
        const std::string_view key = member.substr(0, equals);
        if (!state_key(key) || !state_value(member.substr(equals + 1))) return {};
        if (keys.size() == max_state_members || std::find(keys.begin(), keys.end(), key) != keys.end()) return {};
        keys.push_back(key);
        if (!out.empty()) out += ',';
        out += member;
    }
    return out;
}

std::optional<Context> from_headers(std::optional<std::string_view> traceparent, std::string_view tracestate) {
    auto context = traceparent ? parse_traceparent(*traceparent) : std::nullopt;
    if (context) context->state = clean_tracestate(tracestate);
    return context;
}

Context new_trace(double ratio) {
    Context context;
    fill(context.trace_id);
    fill(context.span_id);
    // The last seven bytes are the ones that are random in every generator (level 2, "random trace id").
    std::uint64_t random = 0;
    for (std::size_t i = 9; i < 16; ++i) random = random << 8 | context.trace_id[i];
    context.sampled = static_cast<double>(random) < ratio * std::ldexp(1.0, 56);
    return context;
}

Context child_of(const Context& parent) {
    Context context = parent;
    fill(context.span_id);
    return context;
}

} // namespace gravity::trace
