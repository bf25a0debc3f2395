#pragma once

#include "sign_in_time.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of SCIM 2.0 (RFC 7644).
namespace gravity::user::scim {

/// What is begun, and followed where `Location` says: 202, unless it was refused.
struct WebBegun {
    Web web;
};

Task<Web> list_users(Ctx& ctx);
Task<Web> search_users(Ctx& ctx, RawBody body);
Task<WebCreated> create_user(Ctx& ctx, RawBody body);
Task<Web> get_user(Ctx& ctx, Path<"id", std::string> id);
Task<Web> replace_user(Ctx& ctx, Path<"id", std::string> id, RawBody body, IfMatch expected);
Task<Web> patch_user(Ctx& ctx, Path<"id", std::string> id, RawBody body, IfMatch expected);
Task<WebEmpty> delete_user(Ctx& ctx, Path<"id", std::string> id, IfMatch expected);

Task<Web> list_groups(Ctx& ctx);
Task<Web> search_groups(Ctx& ctx, RawBody body);
Task<WebCreated> create_group(Ctx& ctx, RawBody body);
Task<Web> get_group(Ctx& ctx, Path<"id", std::string> id);
Task<Web> replace_group(Ctx& ctx, Path<"id", std::string> id, RawBody body, IfMatch expected);
Task<Web> patch_group(Ctx& ctx, Path<"id", std::string> id, RawBody body, IfMatch expected);
Task<WebEmpty> delete_group(Ctx& ctx, Path<"id", std::string> id, IfMatch expected);

Task<Web> search_all(Ctx& ctx, RawBody body);

Task<Web> bulk(Ctx& ctx, RawBody body);
Task<Web> get_me(Ctx& ctx);
Task<Web> replace_me(Ctx& ctx, RawBody body, IfMatch expected);
Task<Web> patch_me(Ctx& ctx, RawBody body, IfMatch expected);
Task<WebBegun> delete_me(Ctx& ctx, SignInTime signed_in, IfMatch expected);

Task<Web> provider_config(Ctx& ctx);
Task<Web> list_types(Ctx& ctx);
Task<Web> get_type(Ctx& ctx, Path<"name", std::string> name);
Task<Web> list_schemas(Ctx& ctx);
Task<Web> get_schema(Ctx& ctx, Path<"urn", std::string> urn);
Task<Web> nothing_here(Ctx& ctx, Path<"rest", std::string> rest);

} // namespace gravity::user::scim

template <>
struct gravity::http::Result<gravity::user::scim::WebBegun> {
    static void write(Output& out, user::scim::WebBegun&& begun) { Result<Web>::write(out, std::move(begun.web)); }
    static void describe(Route& route) {
        route.answer = {202, "Accepted"};
        route.answer.location = true;
    }
};
