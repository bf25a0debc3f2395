#include "catalog.hpp"

#include <gravity/json/json.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::gateway {
namespace {

constexpr std::string_view tag = "gravity";

const std::string* text_at(const Json& json, std::string_view name) {
    const Json* found = json.find(name);
    return found && found->is_string() ? &found->as_string() : nullptr;
}

std::uint64_t number_at(const Json& json, std::string_view name) {
    const Json* found = json.find(name);
    return found && found->kind() == Json::Kind::integer && found->as_integer() > 0 ? static_cast<std::uint64_t>(found->as_integer()) : 0;
}

/// A number that stands in meta data as a text.
std::uint32_t meta_number(const Json& meta, std::string_view name, std::uint32_t otherwise, std::uint32_t most) {
    const std::string* text = text_at(meta, name);
    std::uint32_t value = 0;
    if (!text) return otherwise;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    return error == std::errc() && end == text->data() + text->size() && value != 0 ? std::min(value, most) : otherwise;
}

std::string meta_text(const Json& meta, std::string_view name) {
    const std::string* text = text_at(meta, name);
    return text ? *text : std::string();
}

bool is_tagged(const Json& tags) {
    if (!tags.is_array()) return false;
    return std::any_of(tags.as_array().begin(), tags.as_array().end(), [](const Json& item) { return item.is_string() && item.as_string() == tag; });
}

} // namespace

Parsed<std::vector<std::string>> parse_service_names(std::string_view body) {
    const auto json = Json::parse(body);
    if (!json) return ParseError{json.why()};
    if (!json->is_object()) return ParseError{"must be an object of services"};
    std::vector<std::string> names;
    for (const auto& [name, tags] : json->as_object())
        if (is_service_name(name) && is_tagged(tags)) names.push_back(name);
    return names;
}

Parsed<ServiceSpec> parse_health(std::string_view name, std::string_view body) {
    const auto json = Json::parse(body);
    if (!json) return ParseError{json.why()};
    if (!json->is_array()) return ParseError{"must be an array of instances"};
    ServiceSpec spec;
    spec.name = name;
    std::uint64_t newest = 0;
    bool first = true;
    for (const Json& entry : json->as_array()) {
        const Json* service = entry.find("Service");
        const Json* node = entry.find("Node");
        const Json* tags = service ? service->find("Tags") : nullptr;
        if (!tags || !is_tagged(*tags)) continue;
        static const Json none;
        const Json* found = service->find("Meta");
        const Json& meta = found ? *found : none;
        InstanceSpec instance;
        instance.id = meta_text(*service, "ID");
        instance.address = meta_text(*service, "Address");
        if (instance.address.empty() && node) instance.address = meta_text(*node, "Address"); // Consul's own rule
        const std::uint64_t port = number_at(*service, "Port");
        if (instance.address.empty() || port == 0 || port > 65535) continue;
        instance.port = static_cast<std::uint16_t>(port);
        instance.weight = meta_number(meta, "weight", 1, 1000);
        instance.zone = meta_text(meta, "zone");
        instance.version = meta_text(meta, "version");
        if (meta_text(meta, "scheme") == "https") instance.tls = TlsSpec{meta_text(meta, "tls_name")};
        spec.instances.push_back(std::move(instance));

        const std::uint64_t created = number_at(*service, "CreateIndex");
        spec.age = first ? created : std::min(spec.age, created);
        if (first || created >= newest) {
            newest = created;
            spec.prefixes = parse_prefixes(meta_text(meta, "prefixes"));
            spec.roots = parse_prefixes(meta_text(meta, "roots"));
            spec.access = meta_text(meta, "auth") == "public" ? Access::public_ : Access::jwt;
            if (const std::string text = meta_text(meta, "client_certificate"); !text.empty()) {
                // What cannot be read is a certificate that nobody has: it must not be taken for none being needed.
                spec.certificate = certificate_rule_from(text).value_or(CertificateRule{true, {text}});
            } else {
                spec.certificate = {};
            }
            spec.cache = cache_use_from(meta_text(meta, "cache")).value_or(CacheUse::off);
            spec.compress = meta_text(meta, "compress") == "true";
            spec.hedge = meta_text(meta, "hedge") == "true";
            spec.timeout_ms = meta_number(meta, "timeout_ms", 15'000, 86'400'000);
        }
        first = false;
    }
    return spec;
}

} // namespace gravity::gateway
