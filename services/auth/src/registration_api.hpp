#pragma once

#include "web.hpp"

/// The handler of the endpoint where clients register themselves (RFC 7591).
namespace gravity::issuer::registration {

WebCreated register_client(Tx& tx, Caller caller, RawBody body);

} // namespace gravity::issuer::registration
