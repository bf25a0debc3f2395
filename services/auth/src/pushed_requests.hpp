#pragma once

#include "oauth.hpp"

#include <optional>

/// Authorization requests that a client sends ahead, so that a browser brings nothing but a name for them (RFC 9126).
namespace gravity::issuer {

/// Whether one at the authorization endpoint is about one that was sent ahead.
bool names_pushed(const oauth::Form& form);
/// The request that one at the authorization endpoint is about: itself, or the one that its `request_uri` names, which is good once and for its client. Nothing
/// where it names one of ours that is none.
Task<std::optional<oauth::Form>> pushed_before(Ctx& ctx, oauth::Form form);

} // namespace gravity::issuer

namespace gravity::issuer::authorization {

/// POST /oauth2/par.
Task<WebCreated> push(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::authorization
