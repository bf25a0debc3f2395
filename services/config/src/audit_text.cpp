#include "audit_text.hpp"

#include <gravity/json/codec.hpp>

namespace gravity::config {
namespace {

std::string csv_field(std::string_view text) {
    const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
    std::string field = formula ? "'" : "";
    field += text;
    if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
    std::string quoted = "\"";
    for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string csv_line(const AuditEntry& entry) {
    const std::string fields[] = {entry.id.to_string(), entry.occurred_at.to_string(), entry.action,
                                  entry.subject, entry.actor.value_or(""), entry.address.value_or(""),
                                  entry.set_id ? entry.set_id->to_string() : std::string(), entry.target, entry.details.dump()};
    std::string line;
    for (const std::string& field : fields) line += (line.empty() ? "" : ",") + csv_field(field); // the id is never empty
    return line + "\r\n";
}

} // namespace

std::string audit_line(const AuditEntry& entry, AuditFormat format) { return format == AuditFormat::csv ? csv_line(entry) : json::encode(entry) + "\n"; }

std::string_view audit_head(AuditFormat format) {
    return format == AuditFormat::csv ? "id,occurred_at,action,subject,actor,address,set_id,target,details\r\n" : "";
}

} // namespace gravity::config
