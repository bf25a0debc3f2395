// Sessions: what holds locks.
#include "api_access.hpp"
#include "api_input.hpp"
#include "api_output.hpp"

#include <gravity/base/uuid.hpp>

#include <algorithm>

namespace gravity::registry::api::routes {
namespace {

constexpr std::int64_t shortest_ttl_us = 10 * second_us;
constexpr std::int64_t longest_ttl_us = 86'400 * second_us;
constexpr std::int64_t default_lock_delay_us = 15 * second_us;
constexpr std::int64_t seconds_below = 1000; // a bare number below it means seconds: many send 15, which Go would take for nanoseconds

std::string id_in(const Call& call) {
    if (call.rest.empty()) throw ApiError(400, "Missing session");
    return call.rest;
}

SessionIn body_of(const Call& call) {
    SessionIn in;
    if (call.body.empty()) return in;
    auto document = Json::parse(call.body);
    if (!document) throw ApiError(400, "Request decode failed: " + document.why());
    Json tidy = *std::move(document);
    if (tidy.is_object()) {
        for (auto& [name, member] : tidy.as_object()) {
            const bool is_delay = as_go_reads(Json::object({{name, member}}), meta::type_of<SessionIn>()).find("LockDelay") != nullptr;
            if (is_delay && member.kind() == Json::Kind::integer && member.as_integer() < seconds_below)
                member = std::to_string(member.as_integer()) + "s";
        }
    }
    decode_document(tidy, meta::mutable_ref(in));
    return in;
}

Plan list(const Context& context, std::function<bool(const Session&)> wanted) {
    return ReadPlan{watch::sessions, [access = context.access, wanted = std::move(wanted)](const Model& model) -> Answer {
                        ListWriter sessions;
                        Sieve sieve(access);
                        for (const auto& [id, session] : model.table<Session>())
                            if (wanted(*session) && sieve.passes(Resource::session, session->node)) sessions.add(session_out(*session));
                        return sieve.mark({200, std::move(sessions).finish()});
                    }};
}

void demand_session(const Context& context, const std::string& id) {
    if (const Session* session = context.model.find<Session>(id)) demand(context.access, Resource::session, Grant::write, session->node);
}

} // namespace

Plan session_create(const Context& context, const Call& call) {
    const SessionIn in = body_of(call);
    Session session;
    session.id = Uuid::v4().to_string();
    session.name = in.Name.value_or("");
    session.node = in.Node && !in.Node->empty() ? *in.Node : context.agent.node;
    demand(context.access, Resource::session, Grant::write, session.node);
    if (in.NodeChecks || in.Checks) {
        session.node_checks = in.NodeChecks.value_or(std::vector<std::string>());
        for (const std::string& id : in.Checks.value_or(std::vector<std::string>()))
            if (std::find(session.node_checks.begin(), session.node_checks.end(), id) == session.node_checks.end()) session.node_checks.push_back(id);
    } else {
        session.node_checks = {std::string(serf_health_id)};
    }
    for (const ServiceCheckIn& check : in.ServiceChecks.value_or(std::vector<ServiceCheckIn>())) session.service_checks.push_back(check.ID.value_or(""));
    session.lock_delay_us = in.LockDelay ? in.LockDelay->us() : default_lock_delay_us;
    if (const std::string behavior = in.Behavior.value_or(""); behavior == "delete")
        session.behavior = SessionBehavior::delete_;
    else if (!behavior.empty() && behavior != "release")
        throw ApiError(400, "Invalid session behavior: " + behavior);
    session.ttl = in.TTL.value_or("");
    if (!session.ttl.empty()) {
        const auto ttl = GoDuration::parse(session.ttl);
        if (!ttl) throw ApiError(400, "Session TTL '" + session.ttl + "' invalid: " + ttl.why());
        session.ttl_us = ttl->us();
        if (session.ttl_us != 0 && (session.ttl_us < shortest_ttl_us || session.ttl_us > longest_ttl_us))
            throw ApiError(400, "Invalid Session TTL '" + session.ttl + "', must be between [10s=24h0m0s]");
    }
    std::string body = Json::object({{"ID", session.id}}).dump();
    return WritePlan{CreateSession{std::move(session)}, [body](const Reply& reply) -> Answer {
                         if (reply.status != 200) throw ApiError(reply.status, reply.text);
                         return {200, body};
                     }};
}

Plan session_destroy(const Context& context, const Call& call) {
    const std::string id = id_in(call);
    demand_session(context, id);
    return WritePlan{EndSession{id}, [](const Reply& reply) -> Answer {
                         if (reply.status != 200) throw ApiError(reply.status, reply.text);
                         return {200, "true"};
                     }};
}

Plan session_renew(const Context& context, const Call& call) {
    const std::string id = id_in(call);
    demand_session(context, id);
    return WritePlan{RenewSession{id},
                     [id, model = &context.model](const Reply& reply) -> Answer {
                         if (reply.status != 200) throw ApiError(reply.status, reply.text);
                         ListWriter sessions;
                         if (const Session* session = model->find<Session>(id)) sessions.add(session_out(*session));
                         return {200, std::move(sessions).finish()};
                     },
                     id, Renewed::session};
}

Plan session_info(const Context& context, const Call& call) {
    return list(context, [id = id_in(call)](const Session& session) { return session.id == id; });
}

Plan session_node(const Context& context, const Call& call) {
    if (call.rest.empty()) throw ApiError(400, "Missing node name");
    return list(context, [node = call.rest](const Session& session) { return session.node == node; });
}

Plan session_list(const Context& context, const Call&) {
    return list(context, [](const Session&) { return true; });
}

} // namespace gravity::registry::api::routes
