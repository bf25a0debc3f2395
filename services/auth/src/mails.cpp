#include "mails.hpp"

#include "identities_store.hpp"
#include "regain_store.hpp"

namespace gravity::issuer {

Mails::Mails(const Settings& settings, std::shared_ptr<const mail::Outgoing> outgoing)
    : site_(settings.public_url.str()), announced_(*settings.links_in_events), outgoing_(std::move(outgoing)) {}

bool may_have_mail(Tx& tx, const std::string& about) {
    if (about.empty()) return true; // who signs up is nobody yet
    const auto blank = about.find(' '); // behind it: until when somebody waits whom it tells of (about_waiting)
    const auto id = IdentityId::parse(about.substr(0, blank));
    if (!id) return false;
    const auto identity = tx.maybe(get_identity, *id);
    if (!identity || identity->state != IdentityState::active) return false;
    if (blank == std::string::npos) return true;
    const auto waiting = tx.maybe(regaining_of, *id, tx.now());
    return waiting && waiting->ends_at.to_string() == about.substr(blank + 1);
}

} // namespace gravity::issuer
