#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::project {

/// The confirmed e-mail address of who calls: by the claims `email` and `email_verified` of their token where it has them, else by what the identity provider
/// tells of it (OpenID Connect Core 1.0 sections 5.1 and 5.3). Refuses with 403 where nothing tells one, and with 503 where the provider cannot be asked.
Task<Email> own_address(Ctx& ctx, const Caller& caller);

} // namespace gravity::project
