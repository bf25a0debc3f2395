#pragma once

#include <gravity/http/actor.hpp>

/// Who changes something, and from where: what the audit log says of them.
namespace gravity::project {

using http::nobody;
using http::TrustedProxies;

/// The service itself, in its jobs.
Actor service_itself();

} // namespace gravity::project
