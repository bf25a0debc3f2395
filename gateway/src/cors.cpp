#include "cors.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::gateway {
namespace {

std::string_view field(std::string_view bytes, const RequestHead& head, std::string_view name) {
    for (std::size_t i = 0; i < head.field_count; ++i)
        if (http::iequals(head.fields[i].name.in(bytes), name)) return head.fields[i].value.in(bytes);
    return {};
}

/// Of "https://*.a.example" the star stands for one label or several.
bool stands_for(std::string_view pattern, std::string_view origin) {
    const std::size_t star = pattern.find("://*.");
    if (star == std::string_view::npos) return ascii::iequals(pattern, origin);
    const std::string_view scheme = pattern.substr(0, star + 3), suffix = pattern.substr(star + 4);
    if (origin.size() <= scheme.size() + suffix.size() || !ascii::iequals(origin.substr(0, scheme.size()), scheme) ||
        !ascii::iequals(origin.substr(origin.size() - suffix.size()), suffix)) {
        return false;
    }
    const std::string_view labels = origin.substr(scheme.size(), origin.size() - scheme.size() - suffix.size());
    return std::all_of(labels.begin(), labels.end(), [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.'; });
}

bool is_listed(const CorsSpec& cors, std::string_view origin) {
    return std::any_of(cors.origins.begin(), cors.origins.end(), [&](const std::string& pattern) { return pattern == "*" || stands_for(pattern, origin); });
}

void list(std::string& lines, std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    lines.append(name).append(": ");
    for (std::size_t i = 0; i < values.size(); ++i) lines.append(i == 0 ? "" : ", ").append(values[i]);
    lines.append("\r\n");
}

/// False, and only Vary written, if the origin may not.
bool write_origin(const CorsSpec& cors, std::string_view origin, std::string& lines) {
    const bool anybody = !cors.credentials && std::find(cors.origins.begin(), cors.origins.end(), "*") != cors.origins.end();
    if (!anybody) field_line(lines, "Vary", "Origin");
    if (origin.empty() || !is_listed(cors, origin)) return false;
    field_line(lines, "Access-Control-Allow-Origin", anybody ? "*" : origin);
    if (cors.credentials) field_line(lines, "Access-Control-Allow-Credentials", "true");
    return true;
}

bool all(const std::vector<std::string>& names) { return names.size() == 1 && names.front() == "*"; }

} // namespace

bool is_preflight(std::string_view bytes, const RequestHead& head) {
    return head.method == http::Method::options && !field(bytes, head, "Origin").empty() && !field(bytes, head, "Access-Control-Request-Method").empty();
}

void write_cors(const CorsSpec& cors, std::string_view bytes, const RequestHead& head, std::string& lines) {
    if (write_origin(cors, field(bytes, head, "Origin"), lines)) list(lines, "Access-Control-Expose-Headers", cors.exposed);
}

void write_preflight(const CorsSpec& cors, std::string_view bytes, const RequestHead& head, std::string& lines) {
    if (!write_origin(cors, field(bytes, head, "Origin"), lines)) return;
    const std::string_view method = field(bytes, head, "Access-Control-Request-Method"), names = field(bytes, head, "Access-Control-Request-Headers");
    // "*" means nothing where credentials go along: what was asked for is said instead.
    if (!all(cors.methods)) {
        static const std::vector<std::string> safe{"GET", "HEAD", "POST"};
        list(lines, "Access-Control-Allow-Methods", cors.methods.empty() ? safe : cors.methods);
    } else {
        field_line(lines, "Access-Control-Allow-Methods", cors.credentials ? method : "*");
    }
    if (!all(cors.headers)) list(lines, "Access-Control-Allow-Headers", cors.headers);
    else if (!cors.credentials) field_line(lines, "Access-Control-Allow-Headers", "*");
    else if (!names.empty()) field_line(lines, "Access-Control-Allow-Headers", names);
    field_line(lines, "Access-Control-Max-Age", std::to_string(cors.max_age));
}

bool is_cors_field(std::string_view name) {
    constexpr std::string_view prefix = "access-control-";
    return name.size() > prefix.size() && http::iequals(name.substr(0, prefix.size()), prefix);
}

} // namespace gravity::gateway
