#pragma once

#include "audit.hpp"
#include "items.hpp"
#include "sets_store.hpp"

/// What all that changes drafts shares.
namespace gravity::config {

/// As it is shown: of secrets fingerprints.
Draft shown_draft(const DraftRow& row);

/// Makes a config set, its head and its draft. Refuses where there is one, and where the label has as many as it may.
ConfigSetId make_set(Tx& tx, const Actor& by, const NewConfigSet& wanted);

/// Bases a draft that is held on the release in force, whose items come below what the draft changed. Refuses what is another release.
void rebase_draft_on(Tx& tx, DraftRow& draft, Items& items, std::optional<ReleaseNumber> wanted);

/// `***` of `items`, which are those of the draft `before` after a change, stands for the secret that the draft has under the key: whoever sends back what they
/// were shown keeps it. Refused where it has none.
void keep_masked(Items& items, const Items& before);

/// A change of secrets without those that are sent back as they are shown, `***` or the fingerprint. Refused: `***` where `items` have no secret.
Json without_shown(const Json& secrets, const Items& items);

/// Puts items in a draft that is held, and writes down by whom and what has changed, with `details` beside it. What was approved is not any more.
DraftRow save_items(Tx& tx, const Actor& by, DraftRow draft, const Items& items, std::string_view action, Json details = Json::object());

} // namespace gravity::config
