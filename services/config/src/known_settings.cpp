#include "known_settings.hpp"

#include "layers_store.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::config {
namespace {

constexpr std::size_t bytes_of_item = 200; // a node with key and value
constexpr std::size_t least_room = 4 * 1024;

std::size_t bytes_of_items(const Items& items) {
    std::size_t bytes = 0;
    for (const auto& [key, value] : items) bytes += bytes_of_item + key.size() + (value.is_string() ? value.as_string().size() : 0);
    return bytes;
}

std::size_t bytes_of_release(const ViewedRelease& release) {
    return bytes_of_items(release.items) + (release.fingerprints.size() + release.named.size()) * bytes_of_item;
}

void append_names(std::string& text, const std::vector<std::string>& names) {
    for (const std::string& name : names) text += std::to_string(name.size()) + ":" + name;
    text += '/';
}

/// Each selection has another; with secrets it is another than without.
Place place_of_settings(const Watched& watched) {
    std::string what = "settings/" + std::to_string(static_cast<int>(watched.secrets)) + "/";
    what += watched.label.str() + "/";
    append_names(what, watched.applications);
    append_names(what, watched.profiles);
    return {watched.project, std::move(what)};
}

} // namespace

KnownSettings::KnownSettings(View view) : view_(std::move(view)) {
    std::size_t content = 0;
    for (const ViewedSet& set : view_.sets) {
        content += bytes_of_item + bytes_of_release(set.general);
        if (set.candidate) content += bytes_of_release(*set.candidate);
    }
    for (const auto& [name, other] : view_.others) content += bytes_of_item + bytes_of_items(other->items);
    room_ = least_room + content;
    bytes_ = content + room_;
}

const KnownAnswer* KnownSettings::answer(const std::string& name) const {
    const auto found = answers_.find(name);
    return found == answers_.end() ? nullptr : &found->second;
}

void KnownSettings::keep(std::string name, const KnownAnswer& answer) const {
    const std::size_t bytes = bytes_of_item + name.size() + answer.text.size();
    if (bytes > room_) return;
    room_ -= bytes;
    answers_.emplace(std::move(name), answer);
}

Task<RecalledSettings> recall_settings(Memory& memory, Watched watched, LabelName default_label, const Vault& vault) {
    const bool always = watched.label == default_label;
    KeptReading read = [watched, always, &vault](Tx& tx) -> std::shared_ptr<const Kept> {
        if (!always && !tx.one(has_label, watched.label)) throw Refusal(no_such_label);
        return std::make_shared<const KnownSettings>(
            read_view(tx, {watched.applications, watched.profiles}, watched.label, {&vault, watched.secrets}));
    };
    Place place = place_of_settings(watched);
    Recalled recalled = co_await memory.recall(std::move(place), std::move(read));
    co_return RecalledSettings{std::static_pointer_cast<const KnownSettings>(recalled.kept), recalled.stale};
}

std::shared_ptr<const KnownSettings> last_known_settings(Memory& memory, const Watched& watched) {
    return std::static_pointer_cast<const KnownSettings>(memory.last_known(place_of_settings(watched)));
}

} // namespace gravity::config
