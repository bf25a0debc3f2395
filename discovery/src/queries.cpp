#include "queries.hpp"

#include "go_duration.hpp"
#include "pattern.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::registry {
namespace {

constexpr std::string_view template_type = "name_prefix_match";

std::string lowered(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = ascii::lower(c);
    return lower;
}

std::string type_of_template(const QueryDefinition& query) { return query.Template ? query.Template->Type.value_or("") : std::string(); }

/// What `${...}` may stand for in a template.
struct Variables {
    std::string full, prefix, suffix;
    std::vector<std::string> groups; // of the regular expression; empty if it does not match
};

// Nothing if the variable is unknown.
std::optional<std::string> value_of(std::string_view variable, const Variables& variables) {
    if (variable == "name.full") return variables.full;
    if (variable == "name.prefix") return variables.prefix;
    if (variable == "name.suffix") return variables.suffix;
    if (variable == "agent.segment") return std::string(); // there are none
    if (!variable.starts_with("match(") || !variable.ends_with(')')) return std::nullopt;
    const std::string_view digits = variable.substr(6, variable.size() - 7);
    std::size_t group = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), group);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return group < variables.groups.size() ? variables.groups[group] : std::string();
}

// Nothing if there is something in it that is no variable.
std::optional<std::string> filled(std::string_view text, const Variables& variables) {
    std::string out;
    for (;;) {
        const auto begin = text.find("${");
        out += text.substr(0, begin);
        if (begin == std::string_view::npos) return out;
        const auto end = text.find('}', begin);
        if (end == std::string_view::npos) return std::nullopt;
        const auto value = value_of(text.substr(begin + 2, end - begin - 2), variables);
        if (!value) return std::nullopt;
        out += *value;
        text.remove_prefix(end + 1);
    }
}

// Calls `change` for each text of the service part in which variables count.
template <class Change>
void each_text(QueryService& service, Change change) {
    if (service.Service) change(*service.Service);
    if (service.Near) change(*service.Near);
    if (service.Tags)
        for (std::string& tag : *service.Tags) change(tag);
    for (auto* meta : {&service.NodeMeta, &service.ServiceMeta})
        if (*meta)
            for (auto& [key, value] : **meta) change(value);
    if (service.Failover && service.Failover->Datacenters)
        for (std::string& datacenter : *service.Failover->Datacenters) change(datacenter);
}

QueryDefinition filled_in(QueryDefinition query, std::string_view name) {
    Variables variables;
    variables.full = name;
    variables.prefix = query.Name.value_or("");
    variables.suffix = name.substr(variables.prefix.size());
    if (const std::string expression = query.Template->Regexp.value_or(""); !expression.empty()) variables.groups = pattern_groups(expression, variables.full);
    if (query.Service) {
        each_text(*query.Service, [&](std::string& text) { text = filled(text, variables).value_or(""); });
        if (query.Service->Tags && query.Template->RemoveEmptyTags.value_or(false)) std::erase(*query.Service->Tags, std::string());
    }
    query.Name = name;
    return query;
}

bool has_tags(const Instance& instance, const std::vector<std::string>& wanted) {
    const auto has = [&](std::string_view tag) {
        return std::any_of(instance.tags.begin(), instance.tags.end(), [&](const std::string& own) { return lowered(own) == lowered(tag); });
    };
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& tag) { return tag.starts_with('!') ? !has(tag.substr(1)) : has(tag); });
}

bool has_meta(const Texts& meta, const std::optional<Texts>& wanted) {
    if (!wanted) return true;
    return std::all_of(wanted->begin(), wanted->end(), [&](const auto& one) {
        const auto found = meta.find(one.first);
        return found != meta.end() && found->second == one.second;
    });
}

} // namespace

std::optional<QueryDefinition> resolve_query(const Model& model, std::string_view id_or_name) {
    if (const PreparedQuery* query = model.find<PreparedQuery>(id_or_name)) return query->definition;
    const std::string name = lowered(id_or_name);
    const PreparedQuery* best = nullptr;
    for (const auto& [id, query] : model.table<PreparedQuery>()) {
        const std::string own = lowered(query->definition.Name.value_or(""));
        const bool is_template = !type_of_template(query->definition).empty();
        if (!is_template && !own.empty() && own == name) return query->definition;
        if (is_template && name.starts_with(own) && (best == nullptr || own.size() > best->definition.Name.value_or("").size())) best = query.get();
    }
    if (best == nullptr) return std::nullopt;
    return filled_in(best->definition, id_or_name);
}

std::string query_fault(const QueryDefinition& query) {
    const std::string type = type_of_template(query);
    if (query.Name.value_or("").empty() && type.empty() && query.Session.value_or("").empty()) return "Must be bound to a session";
    if (!type.empty() && type != template_type) return "Bad Template.Type '" + type + "'";
    if (!query.Service || query.Service->Service.value_or("").empty()) return "Must provide a Service name to query";
    if (query.Service->Failover && query.Service->Failover->NearestN.value_or(0) < 0)
        return "Bad NearestN '" + std::to_string(*query.Service->Failover->NearestN) + "', must be >= 0";
    if (query.DNS && !query.DNS->TTL.value_or("").empty() && !GoDuration::parse(*query.DNS->TTL)) return "Bad DNS TTL '" + *query.DNS->TTL + "'";
    if (type.empty()) return {};
    if (const std::string why = pattern_fault(query.Template->Regexp.value_or("")); !why.empty()) return "Bad Regexp: " + why;
    QueryService service = *query.Service;
    std::string fault;
    each_text(service, [&](const std::string& text) {
        if (!filled(text, Variables{})) fault = "Bad template: unknown variable in '" + text + "'";
    });
    return fault;
}

std::vector<QueryHit> run_query(const Model& model, const QueryDefinition& query) {
    std::vector<QueryHit> hits;
    if (!query.Service) return hits;
    const QueryService& wanted = *query.Service;
    const std::vector<std::string> none;
    const auto& ignored = wanted.IgnoreCheckIDs ? *wanted.IgnoreCheckIDs : none;
    for (const std::string& key : model.instances_of(wanted.Service.value_or(""))) {
        const Instance* instance = model.find<Instance>(key);
        const Node* node = model.find<Node>(instance->node);
        if (!has_tags(*instance, wanted.Tags ? *wanted.Tags : none)) continue;
        if (!has_meta(node->meta, wanted.NodeMeta) || !has_meta(instance->meta, wanted.ServiceMeta)) continue;
        Status worst = Status::passing;
        for (const std::string_view owner : {std::string_view(), std::string_view(instance->id)}) {
            for (const std::string& check_key : model.checks_of(instance->node, owner)) {
                const Check* check = model.find<Check>(check_key);
                if (std::find(ignored.begin(), ignored.end(), check->id) == ignored.end()) worst = std::max(worst, check->status);
            }
        }
        if (worst == Status::critical || (worst == Status::warning && wanted.OnlyPassing.value_or(false))) continue;
        hits.push_back({instance, node, worst == Status::warning});
    }
    return hits;
}

} // namespace gravity::registry
