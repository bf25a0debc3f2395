#include "api_keys.hpp"

#include "api_keys_store.hpp"
#include "audit.hpp"
#include "key_text.hpp"
#include "known_keys.hpp"
#include "projects_store.hpp"

#include <gravity/log/log.hpp>

namespace gravity::project {

MadeApiKey make_api_key(Tx& tx, const Caller& caller, const NewApiKey& wanted, std::optional<ApiKeyId> in_place_of) {
    const key_text::Fresh fresh = key_text::fresh(wanted.env.view());
    ApiKeyAtDoor row;
    static_cast<NewApiKey&>(row) = wanted;
    row.id = tx.new_id<ApiKeyId>();
    row.public_id = fresh.public_id;
    row.hash = key_text::hash_of(fresh.text.reveal());
    row.created_by = caller.subject;
    row.created_at = row.updated_at = tx.now();
    row.rotated_from = in_place_of;
    MadeApiKey made;
    static_cast<ApiKey&>(made) = tx.one(insert_api_key, row);
    tx.exec(list_in_directory, made.id, made.public_id);
    made.key = fresh.text.reveal();
    return made;
}

void record_of_key(Tx& tx, const Actor& by, std::string_view action, const ApiKey& key, Json details) {
    const OrganizationId organization = tx.one(get_project, key.project_id).organization_id;
    record(tx, by, {.action = action, .organization = organization, .project = key.project_id, .target = key.id.to_string(), .details = std::move(details)});
}

void end_api_key(Tx& tx, ApiKey key, const Actor& by) {
    if (key.revoked_at) return;
    key.revoked_at = key.updated_at = tx.now();
    tx.one(save_api_key, key);
    forget_known_keys(tx);
    tx.emit(ApiKeyRevoked{key.id, key.project_id, key.env});
    record_of_key(tx, by, "api_key.revoked", key);
    tx.after_commit([key = key.id.to_string(), by = by.subject] { log::info("API key revoked", {{"key", key}, {"by", by}}); });
}

} // namespace gravity::project
