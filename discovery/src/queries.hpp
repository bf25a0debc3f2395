#pragma once

#include "model.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Prepared queries: a look-up with all its conditions under a name, or under every name with a prefix. Pure.
namespace gravity::registry {

/// The query of this id or name, or else the template with the longest prefix of the name, filled in. Letter case of names does not count.
std::optional<QueryDefinition> resolve_query(const Model& model, std::string_view id_or_name);

/// Why the definition cannot be kept; empty if it can. In Consul's words.
std::string query_fault(const QueryDefinition& query);

struct QueryHit {
    const Instance* instance;
    const Node* node;
    bool warning; // one of the checks that count has a warning
};
/// Instances that meet the conditions and are not critical, in the order of the catalog.
std::vector<QueryHit> run_query(const Model& model, const QueryDefinition& query);

} // namespace gravity::registry
