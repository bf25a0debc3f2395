#pragma once

#include "mailed_codes_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of mailed codes, by name. Their text is in mailed_codes_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<MailedCode(Bytes, CodePurpose)> mailed_code_of;
/// To this address, in flows that run but this one.
extern const Sql<std::int64_t(CodePurpose, std::string, Bytes, Timestamp)> count_mailed;
/// Instead of the one of this flow, whose sends it counts on. How often one was sent.
extern const Sql<int(MailedCode)> put_mailed_code;
/// Nothing that is typed is right any more.
extern const Sql<void(Bytes)> void_mailed_code;
/// Counts a try; nothing once there were too many. Locked, so that of any number at once no more are tried.
extern const Sql<MailedCode(Bytes, CodePurpose, int)> try_mailed_code;
extern const Sql<void(Bytes, Timestamp)> prove_mailed_code;
/// A second factor of this identity was proven too. Touches no row where the code was not, or is another's meanwhile.
extern const Sql<void(Bytes, IdentityId, Timestamp)> note_factor_behind;
/// Once, and only if its code was right.
extern const Sql<MailedCode(Bytes)> take_proven_code;
extern const Sql<void(Bytes)> delete_mailed_code;
extern const Sql<void(IdentityId)> delete_codes_of; // who has forgotten their password

/// Who has the address, in whatever state.
extern const Sql<IdentityId(std::string)> identity_by_address;

} // namespace gravity::issuer
