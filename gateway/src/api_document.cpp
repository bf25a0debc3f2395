#include "api_document.hpp"

#include <gravity/http/compress.hpp>

#include <algorithm>

namespace gravity::gateway {
namespace {

constexpr std::string_view components = "#/components/";

/// "#/components/schemas/Product" of the service "shop": "#/components/schemas/shop.Product".
std::string renamed_reference(const std::string& reference, std::string_view service) {
    const std::size_t name = reference.find('/', components.size());
    if (!reference.starts_with(components) || name == std::string::npos) return reference;
    return reference.substr(0, name + 1).append(service).append(".").append(reference, name + 1, std::string::npos);
}

/// Everything below a value that names a component or an operation.
void rename_references(Json& value, std::string_view service) {
    if (value.is_array()) {
        for (Json& item : value.as_array()) rename_references(item, service);
        return;
    }
    if (!value.is_object()) return;
    for (auto& [name, member] : value.as_object()) {
        if (name == "$ref" && member.is_string()) {
            member = renamed_reference(member.as_string(), service);
        } else if (name == "mapping" && member.is_object()) { // of a discriminator
            for (auto& [key, target] : member.as_object())
                if (target.is_string()) target = renamed_reference(target.as_string(), service);
        } else if (name == "operationId" && member.is_string()) {
            member = std::string(service) + "." + member.as_string();
        } else if (name != "example" && name != "examples" && name != "default" && name != "enum" && name != "const") {
            rename_references(member, service);
        }
    }
}

/// [{"bearer": ["a:read"]}] with the service's own name for the scheme.
Json renamed_security(const Json& security, std::string_view service) {
    Json::Array alternatives;
    if (!security.is_array()) return alternatives;
    for (const Json& alternative : security.as_array()) {
        Json::Object schemes;
        if (alternative.is_object())
            for (const auto& [name, scopes] : alternative.as_object()) schemes.emplace(std::string(service) + "." + name, scopes);
        alternatives.emplace_back(std::move(schemes));
    }
    return alternatives;
}

/// Where a path of the service is found at this door; empty if nowhere.
std::string place_of(std::string_view path, std::string_view service, const Snapshot& routes) {
    const auto leads_there = [&](std::string_view at) {
        const auto match = routes.match(at);
        return match.route && match.route->cluster && match.route->cluster->name == service;
    };
    const bool own = path.starts_with("/health/") || path == "/openapi.json" || path == "/docs" || is_internal(path);
    if (!path.starts_with('/') || own) return {};
    if (leads_there(path)) return std::string(path);
    std::string below = "/" + std::string(service) + std::string(path);
    return leads_there(below) ? below : std::string();
}

constexpr std::string_view methods[] = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};

void add_path(const Json& item, std::string place, std::string_view service, const Json* security, Json::Object& paths) {
    Json copy = item;
    if (!copy.is_object()) return;
    rename_references(copy, service);
    copy.as_object().erase("servers");
    for (const std::string_view method : methods) {
        if (!copy.find(method)) continue;
        Json& operation = copy[method];
        if (!operation.is_object()) continue;
        operation.as_object().erase("servers");
        operation["tags"] = Json::array({Json(service)});
        const Json* own = operation.find("security");
        if (own || security) operation["security"] = renamed_security(own ? *own : *security, service);
    }
    paths.emplace(std::move(place), std::move(copy));
}

void add_components(const Json& document, std::string_view service, Json& all) {
    const Json* found = document.find("components");
    if (!found || !found->is_object()) return;
    for (const auto& [kind, named] : found->as_object()) {
        if (!named.is_object()) continue;
        Json& target = all[kind];
        for (const auto& [name, value] : named.as_object()) {
            Json copy = value;
            rename_references(copy, service);
            target[std::string(service) + "." + name] = std::move(copy);
        }
    }
}

std::string title_of(const Json& document, const std::string& service) {
    const Json* title = document.at_pointer("/info/title");
    return title && title->is_string() ? title->as_string() : service;
}

} // namespace

std::string packed_description(std::string_view text) {
    std::string packed = http::compress(http::Coding::gzip, text);
    packed.shrink_to_fit();
    return packed;
}

std::string aggregate(const Json& own, const ServiceDocuments& documents, const Snapshot& routes) {
    Json all = own;
    Json paths = own.find("paths") ? *own.find("paths") : Json::object();
    Json parts = Json::object();
    Json::Array tags;
    for (const auto& [service, packed] : documents) {
        const auto text = http::decompress(http::Coding::gzip, packed, max_description);
        if (!text) continue;
        const auto parsed = Json::parse(*text);
        if (!parsed) continue;
        const Json& document = *parsed;
        const Json* theirs = document.find("paths");
        if (!theirs || !theirs->is_object()) continue;
        const std::size_t before = paths.size();
        for (const auto& [path, item] : theirs->as_object())
            if (std::string place = place_of(path, service, routes); !place.empty())
                add_path(item, std::move(place), service, document.find("security"), paths.as_object());
        if (paths.size() == before) continue;
        add_components(document, service, parts);
        tags.push_back(Json::object({{"name", Json(service)}, {"description", Json(title_of(document, service))}}));
    }
    all["paths"] = std::move(paths);
    if (parts.size() != 0) all["components"] = std::move(parts);
    if (!tags.empty()) all["tags"] = Json(std::move(tags));
    return all.dump();
}

std::string places_of(const Snapshot& routes) {
    std::string places;
    for (const Route& route : routes.routes())
        if (route.cluster) places.append(route.prefix).append(" ").append(route.cluster->name).append(route.surface ? " surface\n" : "\n");
    return places;
}

} // namespace gravity::gateway
