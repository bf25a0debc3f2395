#include "api_access.hpp"

#include "dns_message.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::registry::api {

void deny(const Access& access, Resource resource, Grant needed, std::string_view name) {
    std::string text = "Permission denied: ";
    text += access.is_anonymous() ? "anonymous token" : "token with AccessorID '" + access.accessor() + '\'';
    text += " lacks permission '" + std::string(to_string(resource)) + ':' + std::string(to_string(needed)) + '\'';
    if (!name.empty()) text += " on \"" + std::string(name) + '"';
    if (access.is_anonymous()) text += ". The anonymous token is used implicitly when a request does not specify a token.";
    throw ApiError(403, text);
}

void demand(const Access& access, Resource resource, Grant needed, std::string_view name) {
    if (!access.may(resource, needed, name)) deny(access, resource, needed, name);
}

void demand_all(const Access& access, Resource resource, Grant needed, std::string_view prefix) {
    if (!access.may_all(resource, needed, prefix)) deny(access, resource, needed, prefix);
}

void demand_write(const Access& access, const Check& check) {
    if (check.service_id.empty())
        demand(access, Resource::node, Grant::write, check.node);
    else
        demand(access, Resource::service, Grant::write, check.service_name);
}

bool Sieve::passes(Resource resource, std::string_view name) {
    const bool permitted = access_.may(resource, Grant::read, name);
    kept_back_ = kept_back_ || !permitted;
    return permitted;
}

Answer Sieve::mark(Answer answer) const {
    answer.filtered = kept_back_ && !access_.is_anonymous();
    return answer;
}

std::string secret_in(const http::Headers& headers, const Query& query) {
    if (std::string secret = query.get("token"); !secret.empty()) return secret;
    if (const auto secret = headers.get("X-Consul-Token"); secret && !secret->empty()) return std::string(*secret);
    const auto field = headers.get("Authorization");
    if (!field) return {};
    const auto blank = field->find(' ');
    if (blank == std::string_view::npos || !ascii::iequals(field->substr(0, blank), "Bearer")) return {};
    return std::string(ascii::trim(field->substr(blank)));
}

std::string sender_in(const http::Request& request) {
    const std::string_view forwarded = request.headers.get("X-Forwarded-For").value_or("");
    std::string first(ascii::trim(forwarded.substr(0, forwarded.find(','))));
    return dns::parse_address(first) ? first : request.peer_address;
}

Inquirer inquirer_of(const http::Headers& headers, const Access& access, const Caller* caller) {
    Inquirer inquirer;
    if (!access.is_anonymous()) inquirer.accessor = access.accessor();
    if (access.accessor().empty() && caller != nullptr) inquirer.accessor = platform_accessor(*caller);
    inquirer.user_agent = headers.get("User-Agent").value_or("");
    return inquirer;
}

} // namespace gravity::registry::api
