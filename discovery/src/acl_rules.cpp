#include "acl_rules.hpp"

#include "hcl.hpp"
#include "quotes.hpp"

#include <algorithm>

namespace gravity::registry {
namespace {

constexpr std::string_view resource_names[resource_count] = {"acl", "agent", "event", "identity", "key", "keyring", "mesh",
                                                             "node", "operator", "peering", "query", "service", "session"};
constexpr std::string_view grant_names[] = {"deny", "read", "list", "write"};
constexpr std::string_view prefix_end = "_prefix";

bool has_names(Resource resource) {
    switch (resource) {
    case Resource::acl:
    case Resource::keyring:
    case Resource::mesh:
    case Resource::operator_:
    case Resource::peering: return false;
    default: return true;
    }
}

std::optional<Resource> resource_from(std::string_view name) {
    const auto found = std::find(std::begin(resource_names), std::end(resource_names), name);
    if (found == std::end(resource_names)) return std::nullopt;
    return static_cast<Resource>(found - std::begin(resource_names));
}

bool goes_before(Grant a, Grant b) { return a == Grant::deny || (b != Grant::deny && a > b); }

void set(std::optional<Grant>& rule, Grant grant) {
    if (!rule || goes_before(grant, *rule)) rule = grant;
}

[[noreturn]] void refuse(std::size_t line, const std::string& what) { throw PolicyError("line " + std::to_string(line) + ": " + what); }

Grant grant_from(const hcl::Value& value, std::string_view rule, bool may_list) {
    const bool is_text = value.kind == hcl::Value::Kind::text;
    const auto found = std::find(std::begin(grant_names), std::end(grant_names), value.text);
    const bool known = is_text && found != std::end(grant_names);
    const auto grant = known ? static_cast<Grant>(found - std::begin(grant_names)) : Grant::list;
    if (!known || (grant == Grant::list && !may_list))
        refuse(value.line, "the policy of " + std::string(rule) + " must be \"read\", \"write\"" + (may_list ? ", \"list\"" : "") + " or \"deny\"");
    return grant;
}

void add_named(Rules& rules, Resource resource, std::string_view rule, bool is_prefix, const std::string& name, const hcl::Value& body) {
    if (body.kind == hcl::Value::Kind::list) {
        for (const hcl::Value& item : body.items) add_named(rules, resource, rule, is_prefix, name, item);
        return;
    }
    const std::string title = std::string(rule) + ' ' + in_quotes(name);
    if (body.kind != hcl::Value::Kind::object) refuse(body.line, title + " must be a block with a policy");
    std::optional<Grant> grant;
    for (const hcl::Member& member : body.members) {
        if (member.name == "policy")
            grant = grant_from(member.value, title, resource == Resource::key);
        else if (member.name == "intentions" && resource == Resource::service)
            grant_from(member.value, "intentions of " + title, false); // of a mesh: there is none
        else
            refuse(member.value.line, title + " has " + in_quotes(member.name) + ", which is not known here");
    }
    if (!grant) refuse(body.line, title + " has no policy");
    rules.of(resource).add(name, is_prefix, *grant);
}

// `service "web" { ... }`, `service = { "web" = { ... } }`, and lists of such in JSON.
void add_rules(Rules& rules, Resource resource, std::string_view rule, bool is_prefix, const hcl::Value& value) {
    if (value.kind == hcl::Value::Kind::text) refuse(value.line, std::string(rule) + " needs a name: " + std::string(rule) + " \"<name>\" { policy = ... }");
    for (const hcl::Value& item : value.items) add_rules(rules, resource, rule, is_prefix, item);
    for (const hcl::Member& member : value.members) add_named(rules, resource, rule, is_prefix, member.name, member.value);
}

} // namespace

std::string_view to_string(Resource resource) { return resource_names[static_cast<std::size_t>(resource)]; }
std::string_view to_string(Grant grant) { return grant_names[static_cast<std::size_t>(grant)]; }

void NamedRules::add(std::string_view name, bool is_prefix, Grant grant) {
    Leaf& leaf = leaves_[std::string(name)];
    set(is_prefix ? leaf.prefix : leaf.exact, grant);
    if (is_prefix) lengths_.insert(name.size());
}

void NamedRules::merge(const NamedRules& other) {
    for (const auto& [name, leaf] : other.leaves_) {
        if (leaf.exact) add(name, false, *leaf.exact);
        if (leaf.prefix) add(name, true, *leaf.prefix);
    }
}

const NamedRules::Leaf* NamedRules::longest_prefix(std::string_view name) const {
    for (const std::size_t length : lengths_) {
        if (length > name.size()) continue;
        const auto found = leaves_.find(name.substr(0, length));
        if (found != leaves_.end() && found->second.prefix) return &found->second;
    }
    return nullptr;
}

std::optional<Grant> NamedRules::find(std::string_view name) const {
    const auto own = leaves_.find(name);
    if (own != leaves_.end() && own->second.exact) return own->second.exact;
    const Leaf* prefix = longest_prefix(name);
    return prefix == nullptr ? std::nullopt : prefix->prefix;
}

std::optional<bool> NamedRules::covers(std::string_view prefix, Grant needed) const {
    const Leaf* above = longest_prefix(prefix);
    if (above != nullptr && *above->prefix < needed) return false;
    for (auto leaf = leaves_.lower_bound(prefix); leaf != leaves_.end() && leaf->first.starts_with(prefix); ++leaf)
        for (const auto& rule : {leaf->second.exact, leaf->second.prefix})
            if (rule && *rule < needed) return false;
    if (above == nullptr) return std::nullopt;
    return true;
}

void Rules::merge(const Rules& other) {
    for (std::size_t i = 0; i < resource_count; ++i) named_[i].merge(other.named_[i]);
}

Rules parse_policy(std::string_view text) {
    if (text.size() > max_policy_bytes) throw PolicyError("rules are longer than " + std::to_string(max_policy_bytes) + " bytes");
    Rules rules;
    hcl::Value document;
    try {
        document = hcl::parse(text);
    } catch (const hcl::Error& error) {
        throw PolicyError(error.what());
    }
    for (const hcl::Member& member : document.members) {
        std::string_view name = member.name;
        const bool is_prefix = name.ends_with(prefix_end);
        if (is_prefix) name.remove_suffix(prefix_end.size());
        const auto resource = resource_from(name);
        if (!resource || (is_prefix && !has_names(*resource))) refuse(member.value.line, "unknown rule " + in_quotes(member.name));
        if (has_names(*resource))
            add_rules(rules, *resource, member.name, is_prefix, member.value);
        else if (member.value.kind != hcl::Value::Kind::text || !member.value.text.empty()) // an empty one says nothing, as in Consul
            rules.of(*resource).add("", false, grant_from(member.value, member.name, false));
    }
    return rules;
}

} // namespace gravity::registry
