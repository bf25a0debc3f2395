#include "snapshot.hpp"

#include "acl_rules.hpp"
#include "layout.hpp"
#include "queries.hpp"

#include <gravity/base/crypto.hpp>

#include <algorithm>
#include <set>

namespace gravity::registry {
namespace {

constexpr std::string_view head = "gravity-discovery-snapshot 1\n";
constexpr std::size_t digest_bytes = 32;
constexpr std::size_t length_bytes = 4;

void append_text(std::string& out, std::string_view text) {
    for (std::size_t i = length_bytes; i-- > 0;) out += static_cast<char>(text.size() >> (8 * i));
    out += text;
}

std::string_view take_text(std::string_view& from) {
    std::size_t size = 0;
    if (from.size() < length_bytes) throw SnapshotError("the snapshot is damaged");
    for (std::size_t i = 0; i < length_bytes; ++i) size = size << 8 | static_cast<unsigned char>(from[i]);
    from.remove_prefix(length_bytes);
    if (from.size() < size) throw SnapshotError("the snapshot is damaged");
    const std::string_view text = from.substr(0, size);
    from.remove_prefix(size);
    return text;
}

template <class R>
void collect(const Model& model, std::vector<Change>& rows) {
    // What this daemon is and has seen is no part of the state that it is asked to keep.
    if constexpr (!std::is_same_v<R, Setting> && !std::is_same_v<R, History>)
        for (const auto& [key, row] : model.table<R>()) rows.push_back(ChangeOf<R>{key, row, row->modify_index});
}

template <class... R>
std::vector<Change> rows_of(RowKinds<R...>, const Model& model) {
    std::vector<Change> rows;
    (collect<R>(model, rows), ...);
    return rows;
}

// A daemon trusts its own store; a file may come from anywhere. What is restored must be a registry: each row under its own key, and what it belongs to
// beside it.

constexpr std::int64_t most_index = std::int64_t{1} << 62; // so that those that follow are numbers too

struct Keys {
    std::set<std::string, std::less<>> nodes, instances, sessions;

    explicit Keys(const std::vector<Change>& rows) {
        for (const Change& row : rows) {
            if (const auto* node = std::get_if<ChangeOf<Node>>(&row)) nodes.insert(node->key);
            if (const auto* instance = std::get_if<ChangeOf<Instance>>(&row)) instances.insert(instance->key);
            if (const auto* session = std::get_if<ChangeOf<Session>>(&row)) sessions.insert(session->key);
        }
    }
};

bool fits(std::string_view key, const Node& node, const Keys&) { return key == node.name; }
bool fits(std::string_view key, const Instance& instance, const Keys& keys) {
    return key == key_of(instance.node, instance.id) && keys.nodes.contains(instance.node);
}
bool fits(std::string_view key, const Check& check, const Keys& keys) {
    if (key != key_of(check.node, check.id) || !keys.nodes.contains(check.node)) return false;
    return check.service_id.empty() || keys.instances.contains(key_of(check.node, check.service_id));
}
bool fits(std::string_view key, const Session& session, const Keys& keys) { return key == session.id && keys.nodes.contains(session.node); }
bool fits(std::string_view, const KvEntry& entry, const Keys& keys) { return !entry.session || keys.sessions.contains(*entry.session); }
bool fits(std::string_view, const Event& event, const Keys&) { return event.sequence > 0 && event.sequence <= most_index; }
bool fits(std::string_view key, const PreparedQuery& query, const Keys&) {
    return key == query.definition.ID.value_or("") && query_fault(query.definition).empty();
}
bool fits(std::string_view key, const AclToken& token, const Keys&) { return key == token.accessor; }
bool fits(std::string_view key, const AclRole& role, const Keys&) { return key == role.id; }
bool fits(std::string_view key, const AclPolicy& policy, const Keys&) {
    try {
        parse_policy(policy.rules);
    } catch (const PolicyError&) {
        return false;
    }
    return key == policy.id;
}
bool fits(std::string_view, const AclMark&, const Keys&) { return true; }
bool fits(std::string_view key, const Coordinate& coordinate, const Keys& keys) {
    return key == coordinate.node && keys.nodes.contains(key) && coordinate.vec.size() == coordinate_dimensions;
}
bool fits(std::string_view, const Setting&, const Keys&) { return false; } // as Transition and History, a daemon's own: see `collect`
bool fits(std::string_view, const History&, const Keys&) { return false; }
bool fits(std::string_view, const Transition&, const Keys&) { return false; }
bool fits(std::string_view, const Tombstone&, const Keys&) { return true; }
bool fits(std::string_view, const LockDelay&, const Keys&) { return true; }

void check_whole(const Snapshot& snapshot) {
    if (snapshot.index < 0 || snapshot.index > most_index) throw SnapshotError("the snapshot has an index that cannot be");
    const Keys keys(snapshot.rows);
    for (const Change& row : snapshot.rows) {
        std::visit(
            [&](const auto& one) {
                if (fits(one.key, *one.after, keys)) return;
                std::string name = one.key; // of a node and what it has, with NUL between them
                std::replace(name.begin(), name.end(), '\0', '/');
                throw SnapshotError("the snapshot does not hold together: " + name);
            },
            row);
    }
}

} // namespace

std::string write_snapshot(const Model& model) {
    std::string file(head);
    for (const Write& write : layout::writes_of(rows_of(Rows{}, model), model.index())) {
        append_text(file, write.key);
        append_text(file, write.value.value());
    }
    return file += sha256(file);
}

Snapshot read_snapshot(std::string_view file) {
    if (!file.starts_with(head)) throw SnapshotError("this is not a snapshot of this daemon");
    if (file.size() < head.size() + digest_bytes) throw SnapshotError("the snapshot is cut off");
    const std::string_view content = file.substr(0, file.size() - digest_bytes);
    if (sha256(content) != file.substr(content.size())) throw SnapshotError("the snapshot is cut off or damaged: its digest differs");
    Snapshot snapshot;
    std::string_view rest = content.substr(head.size());
    while (!rest.empty()) {
        const std::string_view key = take_text(rest);
        const std::string_view value = take_text(rest);
        try {
            if (auto row = layout::row_of(key, value))
                snapshot.rows.push_back(*std::move(row));
            else
                snapshot.index = layout::index_of(value);
        } catch (const StoreError& error) {
            throw SnapshotError(error.what());
        }
    }
    check_whole(snapshot);
    return snapshot;
}

} // namespace gravity::registry
