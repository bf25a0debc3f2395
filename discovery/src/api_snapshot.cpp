// Snapshots: everything in one file, taken and put back while the daemon serves.
#include "api.hpp"
#include "snapshot.hpp"

namespace gravity::registry::api::routes {

Plan snapshot_save(const Context&, const Call&) {
    return ReadPlan{watch::nodes, [](const Model& model) -> Answer { return {200, write_snapshot(model), "application/octet-stream"}; }};
}

Plan snapshot_restore(const Context&, const Call& call) {
    try {
        Snapshot snapshot = read_snapshot(call.body);
        return WritePlan{Restore{std::move(snapshot.rows), snapshot.index}, [](const Reply& reply) -> Answer {
                             if (reply.status != 200) throw ApiError(reply.status, reply.text);
                             return {};
                         }};
    } catch (const SnapshotError& error) {
        throw ApiError(400, error.what());
    }
}

} // namespace gravity::registry::api::routes
