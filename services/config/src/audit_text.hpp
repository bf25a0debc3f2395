#pragma once

#include "audit_model.hpp"

#include <string>
#include <string_view>

/// The audit log as a file. Pure.
namespace gravity::config {

/// One entry as a line of a file, with its end: JSON (NDJSON), or comma-separated values (RFC 4180). What a spreadsheet would take for a formula has an
/// apostrophe before it.
std::string audit_line(const AuditEntry& entry, AuditFormat format);

/// The first line of such a file: the names of the columns, or nothing.
std::string_view audit_head(AuditFormat format);

} // namespace gravity::config
