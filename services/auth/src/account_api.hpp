#pragma once

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of the page where people look after what they sign in with. Whatever they change there they prove anew who they are for.
namespace gravity::issuer::account {

Task<Web> security(Ctx& ctx);
Task<Web> begin_totp(Ctx& ctx, RawBody body);
Task<Web> confirm_totp(Ctx& ctx, RawBody body);
Task<Web> remove_totp(Ctx& ctx, RawBody body);
Task<Web> renew_codes(Ctx& ctx, RawBody body);
Task<Web> confirm_addresses(Ctx& ctx, RawBody body);
Task<Web> change_password(Ctx& ctx, RawBody body);
Task<Web> stop_regaining(Ctx& ctx, RawBody body);

Task<Web> sign_out_there(Ctx& ctx, RawBody body);
Task<Web> sign_out_elsewhere(Ctx& ctx, RawBody body);
Task<Web> take_back(Ctx& ctx, RawBody body);
Task<Web> trust_no_more(Ctx& ctx, RawBody body);

Task<Web> begin_passkey(Ctx& ctx, RawBody body);
Task<Web> add_passkey(Ctx& ctx, RawBody body);
Task<Web> remove_passkey(Ctx& ctx, RawBody body);
/// Where somebody proves by a passkey who they are, before they change anything.
Task<Web> passkey_proof(Ctx& ctx);
Task<Web> prove_passkey(Ctx& ctx, RawBody body);

} // namespace gravity::issuer::account
