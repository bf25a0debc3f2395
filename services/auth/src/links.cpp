#include "links.hpp"

#include "identities_store.hpp"
#include "links_store.hpp"
#include "opaque.hpp"
#include "sessions.hpp"

namespace gravity::issuer {
namespace {

constexpr std::int64_t most_links = 3;

} // namespace

FreshLink fresh_link(const Settings& settings, ProjectId project, std::string_view path) {
    const Secret<> token = fresh_project_secret(link_prefix, project);
    return {settings.at(path) + "?token=" + token.reveal(), opaque_hash(token.reveal())};
}

bool room_for(Tx& tx, IdentityId identity, LinkPurpose purpose) { return tx.one(count_links, identity, purpose, tx.now()) < most_links; }

std::optional<Link> locked_link(Tx& tx, const Bytes& hash, LinkPurpose purpose) {
    const auto link = tx.maybe(live_link, hash, purpose, tx.now());
    if (!link || !tx.maybe(lock_identity, link->identity_id)) return std::nullopt;
    return tx.maybe(live_link, hash, purpose, tx.now()); // whoever had the lock may have used it
}

} // namespace gravity::issuer
