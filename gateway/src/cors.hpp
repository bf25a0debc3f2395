#pragma once

#include "head.hpp"
#include "http_route.hpp"

#include <string>
#include <string_view>

/// The CORS protocol (WHATWG Fetch, section 3.2), answered for the service. Pure.
namespace gravity::gateway {

/// A browser asks whether a page may send what it wants to send.
bool is_preflight(std::string_view bytes, const RequestHead& head);

/// Appends the fields for the answer to this request, as complete lines: none that allow anything if its origin is not listed.
void write_cors(const CorsSpec& cors, std::string_view bytes, const RequestHead& head, std::string& lines);
/// The same for a preflight.
void write_preflight(const CorsSpec& cors, std::string_view bytes, const RequestHead& head, std::string& lines);

/// The service's own say in this, which ends here.
bool is_cors_field(std::string_view name);

} // namespace gravity::gateway
