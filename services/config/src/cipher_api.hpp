#pragma once

#include "secrets.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>
#include <gravity/http/web.hpp>

/// Encryption as Spring Cloud Config Server offers it: texts in, texts out.
namespace gravity::config::ciphers {

Task<Web> encrypt(Ctx& ctx, Caller caller, RawBody body, Given<Vault> vault);
/// Takes it with or without `{cipher}`; who was shown a text is written down first.
Task<Web> decrypt(Ctx& ctx, Actor by, RawBody body, Given<Vault> vault);
/// The same with an application and profiles in the path, which choose a key where a Spring server has several: here the project's is everybody's.
Task<Web> encrypt_for(Ctx& ctx, Caller caller, Path<"application", Text<1, 1000>> application, Path<"profiles", Text<1, 1000>> profiles, RawBody body,
                      Given<Vault> vault);
Task<Web> decrypt_for(Ctx& ctx, Actor by, Path<"application", Text<1, 1000>> application, Path<"profiles", Text<1, 1000>> profiles, RawBody body,
                      Given<Vault> vault);
/// 503 without a master key.
Task<Web> status(Ctx& ctx, Caller caller, Given<Vault> vault);

/// The text of a body; what comes as a form, which is what curl makes of it where nobody says otherwise, is decoded, and the `=` behind a name without a value
/// is taken away.
std::string text_of_body(const RawBody& body);

} // namespace gravity::config::ciphers
