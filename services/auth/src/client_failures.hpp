#pragma once

#include "oauth.hpp"

#include <gravity/http/ctx.hpp>

#include <string_view>

namespace gravity::issuer {

/// What a client is told that was refused; why is kept for operators of its project, as far as the request says which client it is. `body`: the request's form.
Web refused_client(Ctx& ctx, const RawBody& body, const oauth::Refused& refused);

/// What a client is told where what is behind an endpoint cannot be reached at the moment (503): `temporarily_unavailable`, with the fields of that refusal.
/// Any other refusal is thrown on.
Web away_for_client(Ctx& ctx, const Refusal& refusal);

} // namespace gravity::issuer
