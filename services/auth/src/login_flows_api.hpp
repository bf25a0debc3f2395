#pragma once

#include "login_flows_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of flows by the API. Each is run by its token; but for headless ones also by the cookie of the browser that began it.
namespace gravity::issuer {

/// A flow as it is answered, and the cookies that come with it.
struct FlowAnswer {
    ShownFlow flow;
    std::vector<std::string> cookies;
};
/// The same where it has begun.
struct FlowBegun {
    FlowAnswer answer;
};

} // namespace gravity::issuer

namespace gravity::issuer::flows {

Task<FlowBegun> begin(Ctx& ctx, Body<NewLoginFlow> in);
Task<FlowAnswer> get(Ctx& ctx, Header<"Flow-Token"> token);
Task<FlowAnswer> step(Ctx& ctx, Path<"id", FlowId> id, Header<"Flow-Token"> token, Body<LoginStep> in);

} // namespace gravity::issuer::flows

template <>
struct gravity::http::Result<gravity::issuer::FlowAnswer> {
    static void write(Output& out, issuer::FlowAnswer&& answer, int status = 200) {
        out.json(status, meta::ref(answer.flow));
        out.header("Cache-Control", "no-store");
        for (const std::string& cookie : answer.cookies) out.response().headers.add("Set-Cookie", cookie);
    }
    static void describe(Route& route) { route.answer = {200, "OK", "application/json", &meta::type_of<issuer::ShownFlow>()}; }
};

template <>
struct gravity::http::Result<gravity::issuer::FlowBegun> {
    static void write(Output& out, issuer::FlowBegun&& begun) {
        Result<issuer::FlowAnswer>::write(out, std::move(begun.answer), 201);
        out.header("Location", "/api/v1/login-flows");
    }
    static void describe(Route& route) {
        route.answer = {201, "Created", "application/json", &meta::type_of<issuer::ShownFlow>()};
        route.answer.location = true;
    }
};
