// Prepared queries: what may be kept.
#include "commands_detail.hpp"
#include "queries.hpp"

namespace gravity::registry::detail {

Reply run(const PutQuery& command, View& view, std::int64_t) {
    const QueryDefinition& wanted = command.definition;
    const std::string id = wanted.ID.value_or("");
    if (command.must_exist && !view.find<PreparedQuery>(id)) return {404, "Cannot modify non-existent prepared query: '" + id + "'", false};
    if (std::string why = query_fault(wanted); !why.empty()) return {400, std::move(why), false};
    const std::string session = wanted.Session.value_or("");
    if (!session.empty() && !view.find<Session>(session)) return {400, "invalid session \"" + session + "\"", false};
    const std::string name = wanted.Name.value_or("");
    const bool is_template = wanted.Template && !wanted.Template->Type.value_or("").empty();
    for (const auto& [other_id, other] : view.with_prefix<PreparedQuery>("")) {
        if (other_id == id) continue;
        const bool other_is_template = other->definition.Template && !other->definition.Template->Type.value_or("").empty();
        if (other_is_template == is_template && (is_template || !name.empty()) && other->definition.Name.value_or("") == name)
            return {400, "name '" + name + "' aliases an existing query name", false};
        if (!name.empty() && other_id == name) return {400, "name '" + name + "' aliases an existing query ID", false};
    }
    PreparedQuery query;
    query.definition = wanted;
    view.put(id, std::move(query));
    return {};
}

Reply run(const DeleteQuery& command, View& view, std::int64_t) {
    if (!view.find<PreparedQuery>(command.id)) return {404, "Cannot modify non-existent prepared query: '" + command.id + "'", false};
    view.remove<PreparedQuery>(command.id);
    return {};
}

} // namespace gravity::registry::detail
