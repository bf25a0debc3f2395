#pragma once

#include "links_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/pg/tx.hpp>

/// Statements of links, by name. Their text is in links_store.cpp and nowhere else.
namespace gravity::issuer {

/// Of an identity that may sign in; by its e-mail address, and its addresses that are not confirmed.
extern const Sql<Addressee(std::string)> addressee_by_address;
extern const Sql<Addressee(IdentityId)> addresses_to_confirm;
/// Links that have not ended.
extern const Sql<std::int64_t(IdentityId, LinkPurpose, Timestamp)> count_links;
extern const Sql<void(Bytes, IdentityId, LinkPurpose, std::string, Timestamp)> insert_link;
extern const Sql<Link(Bytes, LinkPurpose, Timestamp)> live_link;
/// Once.
extern const Sql<Link(Bytes, LinkPurpose, Timestamp)> take_link;
extern const Sql<void(IdentityId, LinkPurpose)> delete_links;

/// Nothing where the identity does not have the address any more, or it is confirmed.
extern const Sql<void(IdentityId, std::string, Timestamp)> confirm_address;
/// Those that the identity does not have any more.
extern const Sql<void(IdentityId)> forget_confirmed;

extern const Sql<std::int64_t(Timestamp, int)> forget_links;

} // namespace gravity::issuer
