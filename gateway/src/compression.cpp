#include "compression.hpp"

#include "cache_control.hpp"
#include "forward.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::gateway {
namespace {

bool is(std::string_view name, std::string_view known) { return http::iequals(name, known); }

bool lists(std::string_view value, std::string_view member) {
    bool found = false;
    http::each_list_member(value, [&](std::string_view given) { found |= is(given, member) || given == "*"; });
    return found;
}

} // namespace

std::string accepted_codings(std::string_view bytes, const RequestHead& head) {
    std::string accepted;
    for (std::size_t i = 0; i < head.field_count; ++i) {
        const Field& field = head.fields[i];
        if (field.hop || !is(field.name.in(bytes), "Accept-Encoding")) continue;
        if (!accepted.empty()) accepted += ", ";
        accepted += field.value.in(bytes);
    }
    return accepted;
}

http::Coding wanted_coding(std::string_view bytes, const RequestHead& head) {
    const std::string accepted = accepted_codings(bytes, head);
    return accepted.empty() ? http::Coding::identity : http::choose_coding(accepted, {.zstd = true}).value_or(http::Coding::identity);
}

CompressionPlan plan_compression(http::Coding wanted, http::Method method, std::string_view bytes, const ResponseHead& head) {
    if (head.status < 200 || head.status == 204 || head.status == 206 || head.status == 304) return {};
    if (head.framing.content_length && *head.framing.content_length < http::compress_from) return {};
    if (!http::is_compressible(head.value(Known::content_type, bytes))) return {};
    bool varies = true;
    CacheControl control;
    for (std::size_t i = 0; i < head.field_count; ++i) {
        const std::string_view name = head.fields[i].name.in(bytes), value = head.fields[i].value.in(bytes);
        for (const std::string_view settled : {"Content-Encoding", "Content-Range", "Set-Cookie", "Content-MD5", "Content-Digest", "Repr-Digest", "Digest"})
            if (is(name, settled)) return {};
        if (is(name, "Cache-Control")) control.read(value);
        if (is(name, "Vary") && lists(value, "Accept-Encoding")) varies = false;
    }
    if (control.no_transform) return {};
    // Of HEAD nobody knows how long it would be.
    return {method == http::Method::head ? http::Coding::identity : wanted, varies};
}

std::string coded_field(std::string_view name, std::string_view value) {
    if (is(name, "Content-Length") || is(name, "Accept-Ranges")) return {};
    std::string line(name);
    line += ": ";
    if (is(name, "ETag") && !value.starts_with("W/")) line += "W/"; // of other bytes (RFC 9110 section 8.8.3.3)
    return line.append(value).append("\r\n");
}

std::string planned_head(std::string_view head, const CompressionPlan& plan) {
    const bool coded = plan.coding != http::Coding::identity;
    std::string out(head.substr(0, head.find('\n') + 1));
    head.remove_prefix(out.size());
    while (head.size() > 2) {
        const std::string_view line = head.substr(0, head.find('\n') + 1);
        head.remove_prefix(line.size());
        const std::size_t colon = line.find(':');
        if (coded) out += coded_field(line.substr(0, colon), ascii::trim(line.substr(colon + 1)));
        else out += line;
    }
    if (coded) out.append("Content-Encoding: ").append(http::to_string(plan.coding)).append("\r\n");
    if (plan.varies) out += "Vary: Accept-Encoding\r\n";
    return out += "\r\n";
}

} // namespace gravity::gateway
