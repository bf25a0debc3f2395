#include "links.hpp"

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

} // namespace gravity::issuer
