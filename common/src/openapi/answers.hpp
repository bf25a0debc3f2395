#pragma once

#include <gravity/http/route.hpp>
#include <gravity/json/json.hpp>

#include <map>
#include <set>
#include <string>

namespace gravity::openapi {

/// Any text.
Json text_schema();

/// Adds every refusal a route can answer with, as references to components/responses, and notes the statuses in `used`.
void add_refusals(const http::Route& route, Json& responses, std::set<int>& used);

/// components/responses for these statuses.
Json refusal_components(const std::set<int>& statuses);
/// components/schemas/Problem: what every refusal looks like (RFC 9457).
Json problem_schema();

/// The answer of a success as a Response Object; `content` is null if there is no body.
Json success_response(const http::Route& route, Json content);
/// 304 of a resource with an ETag.
Json not_modified_response();
bool answers_not_modified(const http::Route& route);

} // namespace gravity::openapi
