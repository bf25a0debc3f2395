// Paths, prefixes and the documents that name routes: a path has one normal form, which hides no separator, and nothing but normal forms is routed by.
#include "catalog.hpp"
#include "documents.hpp"
#include "path.hpp"
#include "route_file.hpp"

#include <gravity/http/message.hpp>

#include <cstdint>
#include <cstdlib>

using namespace gravity;
using namespace gravity::gateway;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void paths(std::string_view raw) {
    std::string once, twice;
    if (!normalise_path(raw, once).empty()) return;
    require(normalise_path(once, twice).empty() && twice == once && once.front() == '/');
    require(once.find("//") == std::string::npos && once.find('\\') == std::string::npos);
    for (std::string_view rest = once; !rest.empty();) {
        rest.remove_prefix(1);
        const std::string_view segment = rest.substr(0, rest.find('/'));
        require(segment != "." && segment != "..");
        const auto decoded = http::percent_decode(segment);
        require(decoded && decoded->find_first_of(std::string_view("/\\\0", 3)) == std::string::npos && *decoded != "." && *decoded != "..");
        rest.remove_prefix(segment.size());
    }
}

void check(const ServiceSpec& service) {
    require(service.timeout_ms > 0);
    for (const std::string& prefix : service.prefixes) require(!prefix.empty() && parse_prefix(prefix) == prefix);
    for (const InstanceSpec& instance : service.instances)
        require(!instance.address.empty() && instance.port != 0 && instance.weight >= 1 && instance.weight <= 1000);
}

void check(const HttpRoute& route) {
    require(!route.name.empty() && !route.rules.empty());
    for (const RuleSpec& rule : route.rules) {
        require(!rule.matches.empty());
        for (const MatchSpec& match : rule.matches) {
            std::string path;
            if (match.kind != PathKind::pattern) require(normalise_path(match.path, path).empty() && path == match.path);
            require(match.pattern.has_value() == (match.kind == PathKind::pattern));
        }
        std::string out;
        if (rule.rewrite_path.kind == PathEdit::Kind::none) continue;
        for (const std::string_view below : {"", "/", "/a/b"}) { // whatever is replaced, what goes on is a path in normal form
            const std::string& prefix = rule.matches.front().path;
            apply(rule.rewrite_path, prefix, (prefix == "/" && !below.empty() ? "" : prefix) + std::string(below), out);
            std::string path;
            require(normalise_path(out, path).empty() && path == out);
        }
    }
}

/// Each names who is to be spoken to, by what name, and who vouches for that.
void check(const TlsPolicy& policy, const TlsPolicies& all) {
    require(!policy.name.empty() && !policy.services.empty() && !policy.tls.name.empty());
    require(policy.tls.authorities.system == policy.tls.authorities.text.empty() && policy.tls.authorities.file.empty());
    for (const std::string& service : policy.services) require(all.find(service) != nullptr);
}

void documents(std::string_view text) {
    const auto routes = parse_routes(text);
    require(routes || !routes.why().empty());
    if (routes)
        for (const ServiceSpec& service : *routes) check(service);
    const auto read = parse_documents(std::string(text));
    require(read || !read.why().empty());
    if (read) {
        for (const HttpRoutePtr& route : read->routes) check(*route);
        for (const TlsPolicy& policy : read->policies.all()) check(policy, read->policies);
    }
    if (const auto names = parse_service_names(text))
        for (const std::string& name : *names) require(is_service_name(name));
    if (const auto service = parse_health("shop", text)) check(*service);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    paths(text);
    for (const std::string& prefix : parse_prefixes(text)) require(!prefix.empty() && parse_prefix(prefix) == prefix);
    documents(text);
    return 0;
}
