#include "regain.hpp"

#include "credentials_store.hpp"
#include "identities_store.hpp"
#include "links.hpp"
#include "links_store.hpp"
#include "mailed_codes_store.hpp"
#include "regain_store.hpp"
#include "second_factor.hpp"
#include "trusted_devices_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::issuer {
namespace {

const Duration regain_patience = Duration::hours(72); // once the time has come

// Whoever has signed in, stopped it or got a password meanwhile is sent nothing.
void send_link_to_regain(Tx& tx, ProjectId project, IdentityId identity, const Settings* settings, const Mails* mails) {
    if (!tx.maybe(lock_identity, identity)) return;
    const auto row = tx.maybe(tell_regaining, identity, tx.now());
    if (!row || !tx.one(has_passkeys_alone, identity)) return;
    const auto to = tx.maybe(addressee_by_address, row->canonical);
    if (!to || to->identity_id != identity) return;
    const FreshLink link = fresh_link(*settings, project, "/login/regain");
    tx.exec(insert_link, link.hash, identity, LinkPurpose::regain, row->canonical, row->ends_at);
    mails->send(tx, RecoveryReady{identity, to->value, link.link, row->ends_at}, identity.to_string(), {});
}

void end_regaining(Tx& tx, IdentityId identity) {
    tx.exec(delete_links, identity, LinkPurpose::regain);
    tx.exec(delete_links, identity, LinkPurpose::cancellation);
    tx.exec(delete_codes_of, identity);
}

void note_regained(Tx& tx, IdentityId identity, const std::string& address, const Means& means) {
    tx.exec(delete_regaining, identity);
    end_regaining(tx, identity);
    tx.exec(confirm_address, identity, address, tx.now());
    note_recovered(tx, identity, means);
}

} // namespace

Task<void> send_regain(JobCtx& job, SendRegain what) {
    const Settings* const settings = &job.get<Settings>();
    const Mails* const mails = &job.get<Mails>();
    co_await job.transaction(send_link_to_regain, job.project(), what.identity_id, settings, mails);
}

} // namespace gravity::issuer

namespace gravity::issuer::regain {

bool may_wait(Tx& tx, IdentityId identity, const std::string& address) {
    if (!tx.one(has_passkeys_alone, identity) || !tx.one(has_address, identity, address)) return false;
    const auto under_way = tx.maybe(regaining_of, identity, tx.now());
    return !under_way || under_way->canonical == address;
}

Regaining begin_to_wait(Tx& tx, ProjectId project, IdentityId identity, const std::string& address, const Means& by) {
    if (auto under_way = tx.maybe(regaining_of, identity, tx.now())) return *std::move(under_way);
    Regaining row;
    row.identity_id = identity;
    row.canonical = address;
    row.begun_at = tx.now();
    row.good_from = row.begun_at + Duration::hours(by.settings->recovery_wait_hours);
    row.ends_at = row.good_from + regain_patience;
    tx.exec(delete_regaining, identity);
    tx.exec(insert_regaining, row);
    tx.exec(delete_links, identity, LinkPurpose::cancellation);
    for (const StoredName& name : tx.all(names_to_reach, identity)) {
        const FreshLink stop = fresh_link(*by.settings, project, "/login/regain/cancel");
        tx.exec(insert_link, stop.hash, identity, LinkPurpose::cancellation, name.canonical, row.ends_at);
        const RecoveryBegun event{identity, name.kind, name.value, stop.link, row.good_from, row.ends_at};
        if (name.kind == LoginKind::email)
            by.mails->send(tx, event, identity.to_string(), by.network);
        else
            by.mails->announce(tx, event, identity.to_string());
    }
    tx.enqueue(SendRegain{identity}, {.due = row.good_from});
    return row;
}

std::optional<Regaining> begin_by_link(Tx& tx, ProjectId project, const Bytes& link, const Means& by) {
    const auto good = locked_link(tx, link, LinkPurpose::regain);
    if (!good || !may_wait(tx, good->identity_id, good->canonical)) return std::nullopt;
    tx.one(take_link, link, LinkPurpose::regain, tx.now());
    return begin_to_wait(tx, project, good->identity_id, good->canonical, by);
}

bool may_add(Tx& tx, IdentityId identity, const std::string& address, bool by_factor) {
    const auto locked = tx.maybe(lock_identity, identity);
    if (!locked || locked->state != IdentityState::active) return false;
    if (!tx.one(has_passkeys_alone, identity) || !tx.one(has_address, identity, address)) return false;
    if (by_factor) return true;
    const auto row = tx.maybe(regaining_of, identity, tx.now());
    return row && row->canonical == address && row->good_from <= tx.now();
}

std::vector<std::string> add_password(Tx& tx, IdentityId identity, const std::string& address, std::string hash, const Means& means) {
    const Credential made = tx.one(insert_password, fresh_password(tx, identity), hash);
    tx.exec(untrust_devices_of, identity);
    tx.emit(CredentialAdded{made.id, made.identity_id, made.type});
    note_regained(tx, identity, address, means);
    return add_recovery_codes(tx, identity);
}

std::optional<std::vector<std::string>> password_by_link(Tx& tx, const ByLink& by, std::string hash, const Means& means) {
    const auto link = locked_link(tx, by.link, LinkPurpose::regain);
    if (!link || !may_add(tx, link->identity_id, link->canonical, by.by_factor)) return std::nullopt;
    return add_password(tx, link->identity_id, link->canonical, std::move(hash), means);
}

bool passkey_by_link(Tx& tx, const ByLink& by, const webauthn::RelyingParty& party, const PasskeyWanted& wanted, const Means& means) {
    const auto link = locked_link(tx, by.link, LinkPurpose::regain);
    if (!link || link->identity_id != wanted.identity || !may_add(tx, link->identity_id, link->canonical, by.by_factor)) return false;
    if (!make_passkey(tx, party, wanted)) return false;
    note_regained(tx, link->identity_id, link->canonical, means);
    return true;
}

void cancel(Tx& tx, IdentityId identity) {
    if (tx.exec(delete_regaining, identity) != 1) return;
    end_regaining(tx, identity);
    tx.emit(RecoveryCancelled{identity}, identity.to_string());
}

bool cancel_by_link(Tx& tx, const Bytes& link) {
    const auto good = locked_link(tx, link, LinkPurpose::cancellation);
    if (!good) return false;
    cancel(tx, good->identity_id);
    return true;
}

} // namespace gravity::issuer::regain
