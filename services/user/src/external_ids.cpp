#include "external_ids.hpp"

#include "external_ids_store.hpp"

#include <map>

namespace gravity::user {
namespace {

// One look-up for all of a list.
template <class Row, class Known>
void show_names(Tx& tx, const ScimClientId& client, const Known& known_by, std::vector<Row>& rows) {
    if (rows.empty()) return;
    std::vector<decltype(rows.front().id)> ids;
    for (const Row& row : rows) ids.push_back(row.id);
    std::map<Uuid, ExternalId> names;
    for (const auto& one : tx.all(known_by, client, ids)) names.emplace(one.id.uuid(), one.external_id);
    for (Row& row : rows) {
        row.external_id.reset();
        if (const auto name = names.find(row.id.uuid()); name != names.end()) row.external_id = name->second;
    }
}

template <class Row, class Known>
Row one_as_known(Tx& tx, const Directory& directory, const Known& known_by, Row row) {
    if (!directory) return row;
    std::vector<Row> one{std::move(row)};
    show_names(tx, *directory, known_by, one);
    return std::move(one.front());
}

} // namespace

void show_as_known(Tx& tx, const Directory& directory, std::vector<Group>& groups) {
    if (directory) show_names(tx, *directory, group_external_ids, groups);
}
User as_known(Tx& tx, const Directory& directory, User user) { return one_as_known(tx, directory, user_external_ids, std::move(user)); }
Group as_known(Tx& tx, const Directory& directory, Group group) { return one_as_known(tx, directory, group_external_ids, std::move(group)); }

bool call_user(Tx& tx, const ScimClientId& client, const UserId& user, const std::optional<ExternalId>& name) {
    return (name ? tx.exec(set_user_external_id, client, user, *name) : tx.exec(unset_user_external_id, client, user)) > 0;
}
bool call_group(Tx& tx, const ScimClientId& client, const GroupId& group, const std::optional<ExternalId>& name) {
    return (name ? tx.exec(set_group_external_id, client, group, *name) : tx.exec(unset_group_external_id, client, group)) > 0;
}

} // namespace gravity::user
