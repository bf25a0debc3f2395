#include "importing.hpp"

#include "cipher.hpp"
#include "data_keys.hpp"
#include "imports_store.hpp"
#include "problems.hpp"

#include <gravity/base/problem.hpp>

namespace gravity::config {
namespace {

bool is_masked(const Json& value) { return value.is_string() && value.as_string() == masked; }
bool is_encrypted(const Json& value) { return value.is_string() && is_cipher(value.as_string()); }

void refuse_if_any(std::vector<Refusal::Fault> faults) {
    constexpr std::size_t most = 50;
    if (faults.size() > most) faults.resize(most);
    if (!faults.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults));
}

/// The texts of the file that are to be sealed, by key.
Json secrets_of(const ImportFile& in, const Items& file) {
    Json secrets = Json::object();
    std::vector<Refusal::Fault> faults;
    for (std::size_t i = 0; i < in.secrets.size(); ++i) {
        const std::string& key = in.secrets[i].str();
        const auto found = file.find(key);
        if (found == file.end() || found->second.is_array())
            faults.push_back({"/secrets/" + std::to_string(i), "is no key of the file that has a value"});
        else if (!is_masked(found->second) && !is_encrypted(found->second)) // which is sealed already, or will be
            secrets[key] = found->second.is_string() ? found->second : Json(found->second.dump());
    }
    refuse_if_any(std::move(faults));
    return secrets;
}

/// A secret that comes again as it was stays as it is sealed.
Items with_sealed(Tx& tx, const Vault& vault, const DraftRow& draft, const Items& before, Items items, const Json& secrets) {
    if (secrets.size() == 0) return items;
    for (const auto& [key, text] : secrets.as_object())
        if (const auto was = before.find(key); was != before.end() && is_secret(was->second)) items[key] = was->second;
    apply_secrets(tx, vault, draft.set_id, items, secrets);
    return items;
}

void check_version(const ImportFile& in, const DraftRow& draft) {
    if (in.draft_version && in.draft_version->value() != draft.version.value())
        throw Refusal(problems::stale_version).with("version", std::int64_t{draft.version.value()});
}

/// It is about what is in force: by its word, or because the draft is.
void check_base(Tx& tx, const ImportFile& in, DraftRow& draft, Items& items) {
    if (in.base_number) return rebase_draft_on(tx, draft, items, in.base_number);
    const Head head = tx.one(get_head, draft.set_id);
    if (draft.base_number == head.number) return;
    throw Refusal(stale_draft)
        .with("published_number", std::int64_t{head.number->value()})
        .with("merge", std::string_view("/api/v1/configs/" + draft.set_id.to_string() + "/draft/merge"));
}

} // namespace

Items with_file(const Items& before, const Items& file, ImportMode mode) {
    std::vector<Refusal::Fault> faults;
    for (const auto& [key, value] : file) {
        const auto was = before.find(key);
        if (is_masked(value) && (was == before.end() || !is_secret(was->second)))
            faults.push_back({pointer_to_item(key), "stands for a secret that the draft does not have"});
    }
    refuse_if_any(std::move(faults));
    Items items = before;
    if (mode == ImportMode::replace) std::erase_if(items, [](const auto& item) { return !is_secret(item.second); });
    apply_patch(items, to_tree(file));
    for (const auto& [key, value] : file)
        if (is_masked(value)) items[key] = before.at(key);
    return items;
}

Imported import_into_draft(Tx& tx, const Actor& by, const ImportFile& in, const Vault& vault) {
    const Items file = read_settings(in.format, in.content);
    const Json secrets = secrets_of(in, file);
    Imported imported;
    const auto found = tx.maybe(find_set, in);
    imported.created = !found;
    imported.set_id = found ? *found : make_set(tx, by, in);
    DraftRow draft = tx.one(lock_draft, imported.set_id);
    check_version(in, draft);
    const std::optional<ReleaseNumber> base_before = draft.base_number;
    const Items kept = from_json(draft.items);
    Items before = kept;
    check_base(tx, in, draft, before);
    Items items = with_sealed(tx, vault, draft, before, with_file(before, file, *in.mode), secrets);
    take_ciphers(tx, vault, draft.set_id, before, items, SpringCiphers::taken);
    for (const Change& change : changes_between(kept, items)) {
        if (change.before == nullptr)
            ++imported.added;
        else if (change.after == nullptr)
            ++imported.removed;
        else
            ++imported.changed;
    }
    imported.keys = static_cast<int>(items.size());
    if (items != kept || draft.base_number != base_before) {
        const Json details = Json::object({{"format", meta::enum_name(in.format)}, {"mode", meta::enum_name(*in.mode)}});
        draft = save_items(tx, by, std::move(draft), items, "draft.imported", details);
    }
    imported.draft_version = draft.version.value();
    return imported;
}

} // namespace gravity::config
