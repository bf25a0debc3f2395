#include "user_events.hpp"

#include "departures.hpp"
#include "identities_store.hpp"
#include "user_events_store.hpp"

#include <gravity/http/ctx.hpp>

#include <charconv>

namespace gravity::issuer {
namespace {

std::int64_t epoch_of(const Envelope& event) {
    std::int64_t epoch = 0;
    const char* const last = event.epoch.data() + event.epoch.size();
    const auto [end, error] = std::from_chars(event.epoch.data(), last, epoch);
    if (error != std::errc{} || end != last) throw events::Undecodable("its epoch is no number");
    return epoch;
}

// Locked. Nobody where they sign in elsewhere, and where something later is known: what lay among the dead letters comes out of order.
// The place in the stream says what is later, and not the time, which is when a transaction began that may have waited for another one.
std::optional<Identity> told_of(Tx& tx, const Envelope& event, const std::string& subject) {
    const std::int64_t epoch = epoch_of(event);
    const auto id = IdentityId::parse(subject);
    auto identity = id ? tx.maybe(lock_identity, *id) : std::nullopt;
    if (identity && tx.exec(note_word, identity->id, epoch, event.sequence) == 0) identity.reset();
    return identity;
}

// Who was disabled before stays as they were: by somebody here for good, by an event until one undoes it.
void disable_for_now(Tx& tx, const Identity& identity) {
    disable_identity(tx, identity);
    if (identity.state != IdentityState::disabled) tx.exec(keep_state_before, identity.id, identity.state);
}

} // namespace

void disable_suspended(Tx& tx, const Received<UserSuspended>& event) {
    if (const auto identity = told_of(tx, event, event.data.subject)) disable_for_now(tx, *identity);
}

void disable_deactivated(Tx& tx, const Received<UserDeactivated>& event) {
    const auto identity = told_of(tx, event, event.data.subject);
    if (!identity) return;
    tx.exec(note_user, event.data.id, identity->id);
    disable_for_now(tx, *identity);
}

// Nobody is erased who is active: whose an identity is will be said again before, and may be another's by then.
void enable_activated(Tx& tx, const Received<UserActivated>& event) {
    const auto identity = told_of(tx, event, event.data.subject);
    if (!identity) return;
    tx.exec(forget_users_of, identity->id);
    tx.exec(put_back_state, identity->id, tx.now());
}

void delete_erased(Tx& tx, const Received<UserErased>& event) {
    for (const IdentityId& id : tx.all(identities_of_user, event.data.id))
        if (tx.maybe(lock_identity, id)) erase_identity(tx, id);
}

} // namespace gravity::issuer
