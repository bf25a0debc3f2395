#include "route_file.hpp"

#include <gravity/base/number.hpp>
#include <gravity/json/codec.hpp>

#include <charconv>
#include <fstream>
#include <set>

namespace gravity::gateway {

struct FileTls {
    std::optional<std::string> name;
    std::optional<std::string> ca_file;
};
BOOST_DESCRIBE_STRUCT(FileTls, (), (name, ca_file))

struct FileRoute {
    std::string name;
    std::vector<std::string> prefixes;
    std::optional<std::vector<std::string>> roots;
    std::vector<std::string> upstreams;
    std::optional<std::string> auth;
    std::optional<std::string> scope;
    Bounded<int, 1, 86'400'000> timeout_ms{15'000};
    Bounded<std::int64_t, 0, std::int64_t{1} << 50> body_limit_bytes{0};
    std::optional<bool> standard_surface;
    std::optional<std::string> cache;
    std::optional<bool> compress;
    std::optional<bool> hedge;
    std::optional<FileTls> tls;
    std::optional<std::string> client_certificate;
};
BOOST_DESCRIBE_STRUCT(FileRoute, (),
                      (name, prefixes, roots, upstreams, auth, scope, timeout_ms, body_limit_bytes, standard_surface, cache, compress, hedge, tls,
                       client_certificate))

struct RouteFile {
    std::vector<FileRoute> routes;
};
BOOST_DESCRIBE_STRUCT(RouteFile, (), (routes))

namespace {

constexpr std::size_t most_bytes = 4 << 20;

/// "host:port" or "[v6]:port".
Parsed<InstanceSpec> parse_upstream(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    InstanceSpec instance;
    instance.id = text;
    if (colon == std::string::npos || colon == 0) return ParseError{"\"" + text + "\" is no address such as 127.0.0.1:9000"};
    instance.address = text.substr(0, colon);
    const bool brackets = instance.address.front() == '[' && instance.address.back() == ']';
    if (brackets) instance.address = instance.address.substr(1, instance.address.size() - 2);
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), instance.port);
    const bool plain = brackets || instance.address.find(':') == std::string::npos;
    if (error != std::errc() || end != text.data() + text.size() || instance.port == 0 || instance.address.empty() || !plain) {
        return ParseError{"\"" + text + "\" is no address such as 127.0.0.1:9000"};
    }
    return instance;
}

Parsed<std::vector<std::string>> prefixes_of(const std::vector<std::string>& texts) {
    std::vector<std::string> prefixes;
    for (const std::string& text : texts) {
        prefixes.push_back(parse_prefix(text));
        if (prefixes.back().empty()) return ParseError{"\"" + text + "\" is no path prefix"};
    }
    return prefixes;
}

Parsed<ServiceSpec> service_of(const FileRoute& route) {
    ServiceSpec spec;
    const auto refuse = [&](std::string why) { return ParseError{"route \"" + route.name + "\": " + std::move(why)}; };
    if (!is_service_name(route.name)) return refuse("the name must be lower-case letters, digits and hyphens");
    spec.name = route.name;
    auto prefixes = prefixes_of(route.prefixes), roots = prefixes_of(route.roots.value_or(std::vector<std::string>()));
    if (!prefixes) return refuse(prefixes.why());
    if (!roots) return refuse(roots.why());
    spec.prefixes = *std::move(prefixes);
    spec.roots = *std::move(roots);
    if (route.auth && *route.auth != "jwt" && *route.auth != "public") return refuse("auth must be \"jwt\" or \"public\"");
    spec.access = route.auth == "public" ? Access::public_ : Access::jwt;
    spec.scope = route.scope.value_or("");
    if (spec.access == Access::public_ && !spec.scope.empty()) return refuse("a public route has no token whose scope could be asked for");
    if (route.client_certificate) {
        auto rule = certificate_rule_from(*route.client_certificate);
        if (!rule) return refuse("client_certificate must be \"any\", or names such as \"DNS:a.example, URI:spiffe://a/b\"");
        spec.certificate = *std::move(rule);
    }
    spec.timeout_ms = static_cast<std::uint32_t>(route.timeout_ms.value());
    spec.body_limit = static_cast<std::uint64_t>(route.body_limit_bytes.value());
    spec.standard_surface = route.standard_surface.value_or(false);
    const auto cache = cache_use_from(route.cache.value_or("off"));
    if (!cache) return refuse("cache must be \"off\", \"shared\" or \"shared-with-cookies\"");
    spec.cache = *cache;
    spec.compress = route.compress.value_or(false);
    spec.hedge = route.hedge.value_or(false);
    for (const std::string& text : route.upstreams) {
        auto instance = parse_upstream(text);
        if (!instance) return refuse(instance.why());
        spec.instances.push_back(*std::move(instance));
        if (route.tls) spec.instances.back().tls = TlsSpec{route.tls->name.value_or(""), {.file = route.tls->ca_file.value_or("")}};
    }
    return spec;
}

} // namespace

Parsed<std::vector<ServiceSpec>> parse_routes(std::string_view document) {
    const auto json = Json::parse(document);
    if (!json) return ParseError{json.why()};
    RouteFile file;
    meta::Errors errors;
    json::decode(*json, meta::mutable_ref(file), errors);
    if (!errors.empty()) return ParseError{errors.to_string()};
    std::vector<ServiceSpec> services;
    std::set<std::string_view> names;
    for (const FileRoute& route : file.routes) {
        auto service = service_of(route);
        if (!service) return ParseError{service.why()};
        if (!names.insert(route.name).second) return ParseError{"route \"" + route.name + "\" is there twice"};
        services.push_back(*std::move(service));
    }
    return services;
}

Parsed<std::string> read_text(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text(most_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in.eof() || in.bad()) return ParseError{file + ": cannot be read, or is larger than 4 MiB"};
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

Parsed<std::vector<ServiceSpec>> read_routes(const std::string& file) {
    const auto text = read_text(file);
    if (!text) return ParseError{text.why()};
    auto services = parse_routes(*text);
    if (!services) return ParseError{file + ": " + services.why()};
    return services;
}

} // namespace gravity::gateway
