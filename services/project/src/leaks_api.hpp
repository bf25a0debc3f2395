#pragma once

#include "actor.hpp"
#include "key_door.hpp"
#include "leaks_model.hpp"
#include "report_keys.hpp"

#include <gravity/handlers.hpp>

namespace gravity::project::leaks {

/// Whoever has found keys somewhere has them revoked. A signature, where there is one, tells whose word it is where they were; revoked is what is a key of
/// ours, all of it, whoever tells: who has the whole key could give it back as well (RFC 7009).
Task<std::vector<LeakVerdict>> report(Ctx& ctx, RawBody in, Header<"Github-Public-Key-Identifier"> identifier, Header<"Github-Public-Key-Signature"> signature,
                                      Given<KeyDoor> door, Given<ReportKeySource> keys, Given<TrustedProxies> proxies);

} // namespace gravity::project::leaks
