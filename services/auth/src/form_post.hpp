#pragma once

#include "redirects.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

#include <string>
#include <string_view>

/// Answers that a client wants by a form (OAuth 2.0 Form Post Response Mode): its browser is sent to a page of ours, which posts them.
namespace gravity::issuer::authorization {

/// The page's address, which carries the answer, sealed: nobody else can make or read one, so that the page posts nothing that this service has not said.
std::string form_post_uri(Ctx& ctx, std::string_view redirect, const Parameters& parameters);

Task<Web> form_post(Ctx& ctx);
Task<Web> form_post_script(Ctx& ctx);

} // namespace gravity::issuer::authorization
