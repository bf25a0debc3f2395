#include "secrets_api.hpp"

#include "audit.hpp"
#include "audit_details.hpp"
#include "data_keys.hpp"
#include "problems.hpp"
#include "sets_store.hpp"

#include <gravity/log/log.hpp>

namespace gravity::config::secrets {

Revealed reveal(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"key", Text<1, 256>> key, Given<Vault> vault) {
    const ReleaseItem item = tx.one(item_in_force, *id, key->str());
    if (!is_secret(item.value)) throw Refusal(not_a_secret);
    std::string text = open_secret(tx, *vault, item);
    tx.one(insert_reveal, {tx.new_id<RevealId>(), *id, item.key, item.number, by.subject, tx.now()});
    Json details = brief_item(item.value);
    details["number"] = std::int64_t{item.number.value()};
    record(tx, by, {.action = "secret.revealed", .set = *id, .target = item.key, .details = std::move(details)});
    tx.after_commit([set = id->to_string(), name = item.key, who = by.subject] { log::info("secret revealed", {{"set", set}, {"key", name}, {"by", who}}); });
    return {item.key, std::move(text), item.number};
}

Page<Reveal> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListReveals> query) {
    tx.one(get_head, *id);
    return tx.page(list_reveals, *query, *id);
}

} // namespace gravity::config::secrets
