#pragma once

#include "oauth.hpp"

#include <gravity/http/ctx.hpp>
#include <gravity/http/web.hpp>

namespace gravity::issuer {

/// What an endpoint tells the client whose form this is, whatever happens. Where it is refused by OAuth's words, why is kept for operators of its project, as
/// far as the request says which client it is. Where what is behind the endpoint cannot be reached at the moment (503), that is `temporarily_unavailable`,
/// with the fields of that refusal; any other refusal is thrown on.
Task<Web> told_client(Ctx& ctx, RawBody body, Task<Web> (*endpoint)(Ctx&, const oauth::Form&));

} // namespace gravity::issuer
