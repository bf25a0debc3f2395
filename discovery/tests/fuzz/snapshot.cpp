// A snapshot to be restored, whose digest holds: refused with one line, or rows that a model takes and writes so that they read back as the same.
#include "snapshot.hpp"

#include "archive.hpp"
#include "queries.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/http/compress.hpp>

#include <cstdint>
#include <cstdlib>
#include <optional>

using namespace gravity;
using namespace gravity::registry;

namespace {

/// The model that such a file makes; nothing if it is refused.
std::optional<Model> restored(std::string_view file) {
    try {
        Snapshot snapshot = read_snapshot(file);
        Model model;
        for (Change& row : snapshot.rows) model.load(std::move(row));
        model.finish_loading(snapshot.index);
        return model;
    } catch (const SnapshotError& refused) {
        if (*refused.what() == '\0') std::abort();
        return {};
    }
}

/// What every look at a registry relies on.
void check(const Model& model) {
    for (const auto& [key, instance] : model.table<Instance>())
        if (!model.find<Node>(instance->node) || key != key_of(instance->node, instance->id)) std::abort();
    for (const auto& [key, check] : model.table<Check>()) {
        if (!model.find<Node>(check->node)) std::abort();
        if (!check->service_id.empty() && !model.find<Instance>(key_of(check->node, check->service_id))) std::abort();
    }
    for (const auto& [key, session] : model.table<Session>())
        if (!model.find<Node>(session->node)) std::abort();
    for (const auto& [id, query] : model.table<PreparedQuery>())
        if (const auto resolved = resolve_query(model, id)) (void)run_query(model, *resolved);
}

/// Taken for an archive, and for the inside of one.
void archive(const std::string& bytes) {
    constexpr std::size_t limit = 1 << 20;
    for (const std::string& file : {bytes, http::compress(http::Coding::gzip, bytes)}) {
        try {
            (void)unpack_archive(file, limit);
        } catch (const SnapshotError& refused) {
            if (*refused.what() == '\0') std::abort();
        }
    }
    if (unpack_archive(pack_archive(bytes, 1, 1), limit + bytes.size()) != bytes) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::string empty = write_snapshot(Model());
    const std::string_view rows(reinterpret_cast<const char*>(data), size);
    (void)restored(rows);
    archive(std::string(rows));
    std::string file = empty.substr(0, empty.find('\n') + 1).append(rows);
    file += sha256(file);
    const auto model = restored(file);
    if (!model) return 0;
    check(*model);
    const std::string written = write_snapshot(*model);
    const auto again = restored(written);
    if (!again || write_snapshot(*again) != written) std::abort();
    return 0;
}
