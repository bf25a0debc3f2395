#pragma once

#include "clients_model.hpp"

#include <gravity/base/caller.hpp>

#include <string>
#include <string_view>

/// Clients that register themselves (RFC 7591): pure.
namespace gravity::issuer {

struct Registration {
    NewClient client;
    std::string auth_method; // as the standard has it: client_secret_basic and client_secret_post are one here
};

/// What a client says of itself (section 2), for who may register no client that may more than they. What is not understood is ignored, as section 2 asks;
/// what is understood and cannot be had throws oauth::Refused (section 3.2.2).
Registration registration_of(std::string_view content_type, std::string_view body, const Caller& by);

/// What the client is answered (section 3.2.1).
Json registered(const Registration& wanted, const MadeClient& made);

} // namespace gravity::issuer
