#pragma once

#include "passkeys.hpp"
#include "recovered.hpp"
#include "regain_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/jobs/job.hpp>
#include <gravity/pg/tx.hpp>

#include <optional>
#include <string>
#include <vector>

/// How somebody regains an account who signs in by passkeys alone and has lost them. They have to have the mailbox, which a link or a mailed code proves, and
/// either prove a second factor, or wait: meanwhile all addresses of the account are told how to stop it, and so does any sign-in. What they set up then is
/// beside what there is: nothing is removed, and nobody is signed out. The identity's row is what all of this is locked by.
namespace gravity::issuer {

/// Sends another link once the time has come, if it was not stopped.
struct SendRegain {
    static constexpr JobKind job{"send-regain"};
    IdentityId identity_id;
};
BOOST_DESCRIBE_STRUCT(SendRegain, (), (identity_id))
Task<void> send_regain(JobCtx& job, SendRegain what);

} // namespace gravity::issuer

namespace gravity::issuer::regain {

/// Whether the identity has passkeys alone, of an address that is theirs still, and nobody waits by another one: what runs is good for the address that it was
/// begun by. The identity's row is locked.
bool may_wait(Tx& tx, IdentityId identity, const std::string& address);
/// Begins to wait, and announces it. The time that runs already stays as it is: it is no shorter and no longer for being asked for again. `address`: the
/// e-mail address that was proven. `may_wait` has said so.
Regaining begin_to_wait(Tx& tx, ProjectId project, IdentityId identity, const std::string& address, const Means& by);
/// The same by a link, which is used up by it. Nothing for a link that is none any more, and none by which they may wait.
std::optional<Regaining> begin_by_link(Tx& tx, ProjectId project, const Bytes& link, const Means& by);

/// Whether the identity has passkeys alone, of an address that is theirs still, and has proven a second factor or waited by that address. Locks the
/// identity's row.
bool may_add(Tx& tx, IdentityId identity, const std::string& address, bool by_factor);
/// A password beside the passkeys, and recovery codes to sign in with behind it, which are shown this once. `may_add` has said so.
std::vector<std::string> add_password(Tx& tx, IdentityId identity, const std::string& address, std::string hash, const Means& means);

/// What is added by a link. Nothing is used up where it does not work, but the challenge of a passkey.
struct ByLink {
    Bytes link;
    bool by_factor = false;
};
std::optional<std::vector<std::string>> password_by_link(Tx& tx, const ByLink& by, std::string hash, const Means& means);
/// Throws Refusal as make_passkey does.
bool passkey_by_link(Tx& tx, const ByLink& by, const webauthn::RelyingParty& party, const PasskeyWanted& wanted, const Means& means);

/// Nothing waits any more, and no link or code that was sent for it is good; announced, if it did. The identity's row is held.
void cancel(Tx& tx, IdentityId identity);
/// The same by a link that was sent with the announcement. False if it is none any more.
bool cancel_by_link(Tx& tx, const Bytes& link);

} // namespace gravity::issuer::regain

GRAVITY_TABLES(issuer, SendRegain)
