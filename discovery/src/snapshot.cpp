#include "snapshot.hpp"

#include "layout.hpp"

#include <gravity/base/crypto.hpp>

#include <charconv>

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
std::vector<Change> all_rows(RowKinds<R...>, const Model& model) {
    std::vector<Change> rows;
    (collect<R>(model, rows), ...);
    return rows;
}

} // namespace

std::string write_snapshot(const Model& model) {
    std::string file(head);
    for (const Write& write : layout::writes_of(all_rows(Rows{}, model), model.index())) {
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
    return snapshot;
}

} // namespace gravity::registry
