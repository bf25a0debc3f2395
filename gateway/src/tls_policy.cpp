#include "tls_policy.hpp"

#include "document.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>
#include <tuple>

namespace gravity::gateway {

// The documents' own form, as the standard names it.
struct DocTarget {
    std::string group;
    std::string kind;
    std::string name;
    std::optional<std::string> sectionName;
};
BOOST_DESCRIBE_STRUCT(DocTarget, (), (group, kind, name, sectionName))

struct DocAuthority {
    std::string group;
    std::string kind;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(DocAuthority, (), (group, kind, name))

struct DocAlternative {
    std::string type;
    std::optional<std::string> hostname;
    std::optional<std::string> uri;
};
BOOST_DESCRIBE_STRUCT(DocAlternative, (), (type, hostname, uri))

struct DocValidation {
    std::vector<DocAuthority> caCertificateRefs;
    std::optional<std::string> wellKnownCACertificates;
    std::string hostname;
    std::vector<DocAlternative> subjectAltNames;
};
BOOST_DESCRIBE_STRUCT(DocValidation, (), (caCertificateRefs, wellKnownCACertificates, hostname, subjectAltNames))

struct DocPolicy {
    std::vector<DocTarget> targetRefs;
    DocValidation validation;
};
BOOST_DESCRIBE_STRUCT(DocPolicy, (), (targetRefs, validation))

namespace {

using document::in_quotes;
using document::refuse;
using document::Refused;

// The standard's own bounds.
constexpr std::size_t most_targets = 16, most_authorities = 8, most_alternatives = 5, most_uri_bytes = 253;

std::string target_of(const DocTarget& target) {
    if (!target.group.empty() || target.kind != "Service") refuse(in_quotes(target.name) + ": only of a Service the instances are spoken to");
    if (!document::is_dns_name(target.name)) refuse(in_quotes(target.name) + " is no name of a service");
    if (target.sectionName.value_or("") != "") refuse(in_quotes(target.name) + ": ports have no names here, so sectionName cannot be followed");
    return target.name;
}

std::string config_map_of(const DocAuthority& authority) {
    if (!authority.group.empty() || authority.kind != "ConfigMap") refuse(in_quotes(authority.name) + ": only a ConfigMap can hold authorities");
    if (!document::is_dns_name(authority.name)) refuse(in_quotes(authority.name) + " is no name of a ConfigMap");
    return authority.name;
}

/// With a scheme and what belongs to it (RFC 3986 section 3).
bool is_absolute_uri(std::string_view text) {
    const std::string_view scheme = text.substr(0, text.find(':'));
    const auto in_scheme = [](char c) { return ascii::is_alnum(c) || c == '+' || c == '-' || c == '.'; };
    const auto visible = [](char c) { return c > ' ' && c < '\x7f'; };
    return !scheme.empty() && ascii::is_alpha(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), in_scheme) && text.size() > scheme.size() + 1 &&
           text.size() <= most_uri_bytes && std::all_of(text.begin(), text.end(), visible);
}

std::string alternative_of(const DocAlternative& from) {
    const std::string hostname = from.hostname.value_or(""), uri = from.uri.value_or("");
    if (from.type == "Hostname" && uri.empty()) {
        if (!document::is_host_name(hostname)) refuse(in_quotes(hostname) + " is no name of one host");
        return "DNS:" + hostname;
    }
    if (from.type != "URI" || !hostname.empty()) refuse("a name of a certificate is either a hostname or a uri, as its type says");
    if (!is_absolute_uri(uri)) refuse(in_quotes(uri) + " is no absolute URI");
    return "URI:" + uri;
}

TlsSpec tls_of(const DocValidation& from) {
    TlsSpec tls;
    if (!document::is_host_name(from.hostname)) refuse("validation.hostname " + in_quotes(from.hostname) + " is no name of one host");
    tls.name = from.hostname;
    if (from.subjectAltNames.size() > most_alternatives) refuse("validation.subjectAltNames are too many");
    for (const DocAlternative& alternative : from.subjectAltNames) tls.names.push_back(alternative_of(alternative));
    const std::string well_known = from.wellKnownCACertificates.value_or("");
    if (from.caCertificateRefs.empty() == well_known.empty()) refuse("validation has either caCertificateRefs or wellKnownCACertificates");
    if (!well_known.empty() && well_known != "System") refuse("validation.wellKnownCACertificates can only be \"System\"");
    tls.authorities.system = !well_known.empty();
    return tls;
}

TlsPolicy policy_of(const Json& document) {
    const document::Head head = document::head_of(document, {"gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1alpha3"});
    static const Json none = Json::object();
    const Json* spec = document.find("spec");
    DocPolicy from;
    meta::Errors errors;
    json::decode(spec ? *spec : none, meta::mutable_ref(from), errors);
    if (!errors.empty()) refuse("spec: " + errors.to_string());
    TlsPolicy policy;
    policy.name = head.full_name();
    policy.space = head.space;
    policy.created = head.created;
    if (from.targetRefs.empty() || from.targetRefs.size() > most_targets) refuse("spec.targetRefs must be one to sixteen");
    for (const DocTarget& target : from.targetRefs) {
        policy.services.push_back(target_of(target));
        if (std::count(policy.services.begin(), policy.services.end(), target.name) > 1) refuse("spec.targetRefs has " + in_quotes(target.name) + " twice");
    }
    policy.tls = tls_of(from.validation);
    if (from.validation.caCertificateRefs.size() > most_authorities) refuse("validation.caCertificateRefs are too many");
    for (const DocAuthority& authority : from.validation.caCertificateRefs) policy.authorities.push_back(config_map_of(authority));
    return policy;
}

/// A host as it is looked up: in any case, with or without the root's dot.
std::string key_of(std::string_view service) {
    if (service.ends_with('.')) service.remove_suffix(1);
    return ascii::lower(service);
}

} // namespace

bool is_tls_policy(const Json& document) { return document::kind_of(document) == "BackendTLSPolicy"; }

Parsed<TlsPolicy> parse_tls_policy(const Json& document) {
    try {
        return policy_of(document);
    } catch (const Refused& refused) {
        return ParseError{document::label_of(document) + ": " + refused.why};
    }
}

std::string add_config_map(const Json& document, ConfigMaps& known) {
    if (document::kind_of(document) != "ConfigMap") return {};
    const Json* data = document.find("data");
    const Json* certificates = data ? data->find("ca.crt") : nullptr;
    if (!certificates || !certificates->is_string()) return {};
    try {
        const document::Head head = document::head_of(document);
        if (!known.emplace(head.space + "/" + head.name, certificates->as_string()).second) refuse("it is there twice");
        return {};
    } catch (const Refused& refused) {
        return document::label_of(document) + ": " + refused.why;
    }
}

Parsed<TlsPolicies> TlsPolicies::of(std::vector<TlsPolicy> policies, const ConfigMaps& known) {
    const auto order = [](const TlsPolicy& policy) { // who does not say when it was made is the youngest
        return std::tuple(policy.created.empty(), std::string_view(policy.created), std::string_view(policy.name));
    };
    std::sort(policies.begin(), policies.end(), [&](const TlsPolicy& a, const TlsPolicy& b) { return order(a) < order(b); });
    TlsPolicies all;
    all.all_ = std::move(policies);
    for (std::size_t i = 0; i < all.all_.size(); ++i) {
        TlsPolicy& policy = all.all_[i];
        const std::string label = "BackendTLSPolicy " + in_quotes(policy.name) + ": ";
        for (std::size_t other = 0; other < i; ++other)
            if (all.all_[other].name == policy.name) return ParseError{label + "it is there twice"};
        for (const std::string& name : policy.authorities) {
            const auto found = known.find(policy.space + "/" + name);
            if (found == known.end()) return ParseError{label + "there is no ConfigMap " + in_quotes(name) + " with a ca.crt"};
            policy.tls.authorities.text.append(found->second).append("\n");
        }
        for (const std::string& service : policy.services) {
            for (const std::string& key : {service, service + "." + policy.space}) {
                const auto [at, is_new] = all.by_service_.emplace(key, i);
                if (!is_new && key == service) all.overruled_.push_back({policy.name, service, all.all_[at->second].name});
            }
        }
    }
    return all;
}

const TlsSpec* TlsPolicies::find(std::string_view service) const {
    if (by_service_.empty()) return nullptr;
    const auto found = by_service_.find(key_of(service));
    return found == by_service_.end() ? nullptr : &all_[found->second].tls;
}

} // namespace gravity::gateway
