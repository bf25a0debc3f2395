#include "log/line.hpp"

#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace gravity::log {
namespace {

constexpr std::array<std::string_view, 7> level_names{"trace", "debug", "info", "warn", "error", "critical", "off"};
constexpr std::array<std::string_view, 7> own_names{"ts", "level", "service", "msg", "trace_id", "span_id", "project"};

void append_text(std::string& out, std::string_view text) {
    if (text.size() <= max_text_bytes) return append_json_string(out, text);
    std::size_t end = max_text_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
        --end; // not in the middle of a character
    std::string cut(text.substr(0, end));
    cut += "\xe2\x80\xa6";
    append_json_string(out, cut);
}

template <class Number> void append_number(std::string& out, Number value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    out += ",\"";
    out += name;
    out += "\":";
    append_json_string(out, text);
}

/// RFC 3339 in UTC with milliseconds. The date is worked out once a second and thread.
void append_time(std::string& out, std::chrono::system_clock::time_point when) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(when).time_since_epoch().count();
    const std::int64_t second = since >= 0 ? since / 1000 : (since - 999) / 1000;
    thread_local std::int64_t cached_second = INT64_MIN;
    thread_local std::array<char, 32> cached{};
    if (second != cached_second) {
        const auto time = static_cast<std::time_t>(second);
        std::tm parts{};
        gmtime_r(&time, &parts);
        std::strftime(cached.data(), cached.size(), "%Y-%m-%dT%H:%M:%S", &parts);
        cached_second = second;
    }
    const auto ms = static_cast<unsigned>(since - second * 1000);
    out += cached.data();
    out += '.';
    out += static_cast<char>('0' + ms / 100);
    out += static_cast<char>('0' + ms / 10 % 10);
    out += static_cast<char>('0' + ms % 10);
    out += 'Z';
}

} // namespace

std::string_view to_string(Level level) { return level_names[static_cast<std::size_t>(level)]; }

std::optional<Level> level_from(std::string_view text) {
    for (std::size_t i = 0; i < level_names.size(); ++i) {
        if (level_names[i] == text) return static_cast<Level>(i);
    }
    return std::nullopt;
}

void Value::append_to(std::string& out) const {
    switch (kind_) {
    case Kind::null: out += "null"; return;
    case Kind::boolean: out += as_.boolean ? "true" : "false"; return;
    case Kind::integer: return append_number(out, as_.integer);
    case Kind::natural: return append_number(out, as_.natural);
    case Kind::number:
        if (std::isfinite(as_.number)) return append_number(out, as_.number);
        out += std::isnan(as_.number) ? "\"NaN\"" : as_.number > 0 ? "\"Infinity\""
                                                                   : "\"-Infinity\"";
        return;
    case Kind::text: return append_text(out, as_.text);
    case Kind::printable: {
        std::string text;
        as_.printable.append(as_.printable.object, text);
        return append_text(out, text);
    }
    }
}

std::string make_line(std::string_view service, Level level, const Scope* scope, std::string_view msg, Fields fields,
                      std::chrono::system_clock::time_point when) {
    std::string out;
    out.reserve(256 + msg.size());
    out += "{\"ts\":\"";
    append_time(out, when);
    out += "\",\"level\":\"";
    out += to_string(level);
    out += '"';
    append_member(out, "service", service);
    out += ",\"msg\":";
    append_text(out, msg);
    if (scope) {
        append_member(out, "trace_id", scope->trace_id);
        append_member(out, "span_id", scope->span_id);
        append_member(out, "project", scope->project);
    }
    for (const Field& field : fields) {
        out += ',';
        const bool taken = std::find(own_names.begin(), own_names.end(), field.name) != own_names.end();
        append_json_string(out, taken ? std::string(field.name) + '_' : std::string(field.name));
        out += ':';
        field.value.append_to(out);
    }
    out += '}';
    return out;
}

} // namespace gravity::log
