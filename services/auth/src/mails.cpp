#include "mails.hpp"

#include "identities_store.hpp"

namespace gravity::issuer {

Mails::Mails(const Settings& settings, std::shared_ptr<const mail::Outgoing> outgoing)
    : site_(settings.public_url.str()), announced_(*settings.links_in_events), outgoing_(std::move(outgoing)) {}

bool may_have_mail(Tx& tx, const std::string& about) {
    if (about.empty()) return true; // who signs up is nobody yet
    const auto id = IdentityId::parse(about);
    if (!id) return false;
    const auto identity = tx.maybe(get_identity, *id);
    return identity && identity->state == IdentityState::active;
}

} // namespace gravity::issuer
