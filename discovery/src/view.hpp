#pragma once

#include "model.hpp"
#include "reads.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gravity::registry {

/// The model as it will be once the commands evaluated so far are committed: what a group commit is made in. A command reads and writes here; the
/// model itself changes only when the store has the batch. No I/O. One thread.
class View {
public:
    /// The indexes given begin above that of the model and above `burnt`. What is read of the model is noted in `reads`, if given.
    explicit View(const Model& model, std::int64_t burnt = 0, Reads* reads = nullptr)
        : model_(model), index_(std::max(model.index(), burnt)), reads_(reads) {}

    /// Before each command: the index its changes get.
    void begin_command() {
        mark_ = changes_.size();
        wrote_ = false;
    }
    /// Takes back what the command wrote so far.
    void roll_back();
    bool command_wrote() const { return changes_.size() != mark_; }

    template <class R>
    Row<R> find(std::string_view key) const {
        const auto& overlay = std::get<Table<R>>(overlays_);
        if (const auto found = overlay.find(key); found != overlay.end()) return found->second;
        const auto& table = model_.table<R>();
        const auto found = table.find(key);
        const Row<R> row = found == table.end() ? nullptr : found->second;
        if (reads_ != nullptr) reads_->of[kind_of<R>].rows.try_emplace(std::string(key), row ? row->modify_index : 0);
        return row;
    }

    /// The rows whose keys begin with `prefix`, in order.
    template <class R>
    std::vector<std::pair<std::string, Row<R>>> with_prefix(std::string_view prefix) const {
        std::vector<std::pair<std::string, Row<R>>> rows;
        const auto& overlay = std::get<Table<R>>(overlays_);
        const auto& table = model_.table<R>();
        auto below = table.lower_bound(prefix);
        auto above = overlay.lower_bound(prefix);
        const auto inside = [&](const Table<R>& of, const auto& at) { return at != of.end() && at->first.starts_with(prefix); };
        if (reads_ != nullptr) {
            Reads::Kind& read = reads_->of[kind_of<R>];
            read.prefixes.insert(std::string(prefix));
            for (auto row = below; inside(table, row); ++row) read.rows.try_emplace(row->first, row->second->modify_index);
        }
        while (inside(table, below) || inside(overlay, above)) {
            const bool take_above = inside(overlay, above) && (!inside(table, below) || above->first <= below->first);
            if (take_above) {
                if (inside(table, below) && below->first == above->first) ++below;
                if (above->second) rows.emplace_back(*above);
                ++above;
            } else {
                rows.emplace_back(*below);
                ++below;
            }
        }
        return rows;
    }

    std::vector<Row<Instance>> instances_of(std::string_view service) const;
    std::vector<Row<Check>> checks_of(std::string_view node, std::string_view service_id) const;
    std::vector<Row<Check>> alias_checks() const;
    std::vector<Row<Session>> sessions_of_check(std::string_view node, std::string_view check_id) const;
    std::vector<Row<Session>> sessions_of_node(std::string_view node) const;
    std::vector<std::string> keys_of_session(std::string_view id) const;

    /// Writes a row: gives it the index of the command, and keeps the index of its creation.
    template <class R>
    void put(std::string key, R row) {
        row.modify_index = claim_index();
        if constexpr (requires { row.create_index; }) {
            const Row<R> before = find<R>(key);
            row.create_index = before ? before->create_index : row.modify_index;
        }
        note(ChangeOf<R>{std::move(key), std::make_shared<const R>(std::move(row)), index_});
    }
    template <class R>
    void remove(std::string key) {
        note(ChangeOf<R>{std::move(key), nullptr, claim_index()});
    }

    /// Writes a row that was somewhere before, with the index of its creation there.
    template <class R>
    void restore(std::string key, R row) {
        row.modify_index = claim_index();
        note(ChangeOf<R>{std::move(key), std::make_shared<const R>(std::move(row)), index_});
    }
    /// The indexes given from now on are above this one. Before anything is written.
    void raise_index(std::int64_t at_least) { index_ = std::max(index_, at_least); }

    /// Index of the last change; that of the model if nothing was written.
    std::int64_t index() const { return index_; }
    const std::vector<Change>& changes() const { return changes_; }

private:
    template <class R>
    void note_all() const {
        if (reads_ != nullptr) reads_->of[kind_of<R>].all = true;
    }
    std::int64_t claim_index() {
        if (!std::exchange(wrote_, true)) ++index_;
        return index_;
    }
    template <class R>
    void note(ChangeOf<R> change) {
        if constexpr (std::is_same_v<R, Instance> || std::is_same_v<R, Check>) change.before = find<R>(change.key);
        std::get<Table<R>>(overlays_)[change.key] = change.after;
        changes_.emplace_back(std::move(change));
    }

    const Model& model_;
    Tables overlays_; // null row: removed
    std::vector<Change> changes_;
    std::int64_t index_;
    std::size_t mark_ = 0;
    bool wrote_ = false;
    Reads* reads_;
};

} // namespace gravity::registry
