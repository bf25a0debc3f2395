#include "documents.hpp"

#include "document.hpp"
#include "yaml.hpp"

namespace gravity::gateway {

std::string DocumentReader::add(const std::string& text) {
    const auto documents = parse_yaml(text);
    if (!documents) return documents.why();
    for (const Json& document : *documents) {
        if (document::kind_of(document).empty()) return "a document has no kind";
        if (is_http_route(document)) {
            auto route = parse_http_route(document);
            if (!route) return route.why();
            if (!names_.insert((*route)->name).second) return "HTTPRoute " + document::in_quotes((*route)->name) + " is there twice";
            routes_.push_back(*std::move(route));
        } else if (is_tls_policy(document)) {
            auto policy = parse_tls_policy(document);
            if (!policy) return policy.why();
            policies_.push_back(*std::move(policy));
        } else if (std::string why = add_config_map(document, config_maps_); !why.empty()) {
            return why;
        }
    }
    return {};
}

Parsed<Documents> DocumentReader::finish() && {
    auto policies = TlsPolicies::of(std::move(policies_), config_maps_);
    if (!policies) return ParseError{policies.why()};
    return Documents{std::move(routes_), *std::move(policies)};
}

Parsed<Documents> parse_documents(const std::string& text) {
    DocumentReader reader;
    if (std::string why = reader.add(text); !why.empty()) return ParseError{std::move(why)};
    return std::move(reader).finish();
}

} // namespace gravity::gateway
