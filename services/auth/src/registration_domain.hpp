#pragma once

#include "clients_model.hpp"
#include "config.hpp"

#include <gravity/base/caller.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Clients that register themselves (RFC 7591): pure.
namespace gravity::issuer {

struct Registration {
    NewClient client;
    std::string auth_method; // as the standard has it: client_secret_basic and client_secret_post are one here
    Json about = Json::object(); // what it is, who made it and where more is told: kept, told to itself, and shown to nobody
    std::optional<std::string> secret; // which a client that changes its metadata says is its own
};

/// A client as its registration is told.
struct Registered {
    Client client;
    std::string auth_method;
    Json about;
};

/// What a client says of itself (section 2), for who may register no client that may more than they. What is not understood is ignored, as section 2 asks;
/// what is understood and cannot be had throws oauth::Refused (section 3.2.2).
Registration registration_of(std::string_view content_type, std::string_view body, const Caller& by);

/// The same of a client that changes its metadata (RFC 7592 section 2.2): all of it, with nothing in it that only the server gives. It may no more than before,
/// and proves who it is as before; people are asked what it may know again once it sends them elsewhere, or shows another name or logo, whatever it was before.
Registration changed_registration(std::string_view content_type, std::string_view body, const Registered& before);

/// What the client is answered (section 3.2.1); of its secret nothing but where it was just made. `settings` tell where it looks after itself.
Json registered(const Settings& settings, const Registered& whole);

} // namespace gravity::issuer
