// Prepared queries.
#include "api_access.hpp"
#include "api_input.hpp"
#include "api_output.hpp"
#include "queries.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/uuid.hpp>

#include <algorithm>
#include <random>

namespace gravity::registry::api::routes {
namespace {

constexpr std::string_view execute_end = "/execute", explain_end = "/explain";

QueryDefinition without_secret(QueryDefinition query) {
    if (query.Token && !query.Token->empty()) query.Token = hidden_secret;
    return query;
}

void hide_secret(QueryDefinition& query, const PreparedQuery* before) {
    if (!query.Token || query.Token->empty()) return;
    if (before != nullptr && *query.Token == hidden_secret)
        query.Token = before->definition.Token; // a client writes back what it was shown
    else
        query.Token = kept_secret(*query.Token);
}

// Rules speak of queries by their names, or what names begin with; one without is its maker's, who alone knows its id.
std::optional<std::string> name_for_rules(const QueryDefinition& query) {
    const std::string name = query.Name.value_or("");
    if (name.empty() && !(query.Template && !query.Template->Type.value_or("").empty())) return std::nullopt;
    return name;
}

void demand_query(const Access& access, Grant needed, const QueryDefinition& query) {
    if (const auto name = name_for_rules(query)) demand(access, Resource::query, needed, *name);
}

std::string query_text(const PreparedQuery& query) {
    std::string text = json::encode(without_secret(query.definition));
    text.pop_back();
    return text + ",\"CreateIndex\":" + std::to_string(query.create_index) + ",\"ModifyIndex\":" + std::to_string(query.modify_index) + '}';
}

QueryDefinition found(const Model& model, const std::string& id_or_name) {
    auto query = resolve_query(model, id_or_name);
    if (!query) throw ApiError(404, "Query not found");
    return *std::move(query);
}

std::mt19937_64& random() {
    static std::mt19937_64 generator = [] {
        std::uint64_t seed = 0;
        fill_random(&seed, sizeof seed);
        return std::mt19937_64(seed);
    }();
    return generator;
}

// With the permissions of its own token, if it has one.
Access access_for(const QueryDefinition& query, const Context& context) {
    const std::string token = query.Token.value_or("");
    if (token.empty() || context.acl == nullptr || !context.acl->enabled()) return context.access;
    auto own = context.acl->access_of_kept(context.model, token, now().unix_us());
    if (!own) throw ApiError(403, "ACL not found");
    return *std::move(own);
}

/// How it is executed, as the request says.
struct Execution {
    std::string id_or_name;
    std::uint64_t limit = 0; // 0: none
    NearWish near;           // before the query's own
};

Answer execute(const Context& context, Execution wanted) {
    const Model& model = context.model;
    const Agent& agent = context.agent;
    const QueryDefinition query = found(model, wanted.id_or_name);
    const Access access = access_for(query, context);
    Sieve sieve(access);
    std::vector<QueryHit> hits = run_query(model, query);
    std::erase_if(hits, [&](const QueryHit& hit) { return !sieve.instance(*hit.instance); });
    std::shuffle(hits.begin(), hits.end(), random());
    if (wanted.near.node.empty()) wanted.near.node = query.Service->Near.value_or("");
    Nearness(model, wanted.near).order_own_first(hits, [](const QueryHit& hit) -> const std::string& { return hit.node->name; });
    if (wanted.limit != 0 && hits.size() > wanted.limit) hits.resize(wanted.limit);
    ListWriter nodes;
    for (const QueryHit& hit : hits) nodes.add(service_entry_out(*hit.instance, *hit.node, model, agent));
    ObjectWriter out;
    out.add("Service", query.Service->Service.value_or(""));
    out.add_raw("Nodes", std::move(nodes).finish());
    out.add_raw("DNS", Json::object({{"TTL", query.DNS ? query.DNS->TTL.value_or("") : std::string()}}).dump());
    out.add("Datacenter", agent.datacenter);
    out.add_raw("Failovers", "0");
    return sieve.mark({200, std::move(out).finish()});
}

Answer done(const Reply& reply) {
    if (reply.status != 200) throw ApiError(reply.status, reply.text);
    return {};
}

} // namespace

Plan query_create(const Context& context, const Call& call) {
    auto definition = decode_body<QueryDefinition>(call.body);
    demand_query(context.access, Grant::write, definition);
    hide_secret(definition, nullptr);
    definition.ID = Uuid::v4().to_string();
    std::string body = Json::object({{"ID", *definition.ID}}).dump();
    return WritePlan{PutQuery{std::move(definition), false}, [body](const Reply& reply) -> Answer {
                         done(reply);
                         return {200, body};
                     }};
}

Plan query_list(const Context& context, const Call&) {
    return ReadPlan{watch::queries, [access = context.access](const Model& model) -> Answer {
                        std::string list;
                        Sieve sieve(access);
                        const bool sees_nameless = access.may(Resource::acl, Grant::write);
                        for (const auto& [id, query] : model.table<PreparedQuery>()) {
                            const auto name = name_for_rules(query->definition);
                            if (name ? sieve.passes(Resource::query, *name) : sees_nameless) list += (list.empty() ? "" : ",") + query_text(*query);
                        }
                        return sieve.mark({200, '[' + list + ']'});
                    }};
}

Plan query_get(const Context& context, const Call& call) {
    const std::string_view rest = call.rest;
    if (rest.ends_with(execute_end)) {
        Execution wanted;
        wanted.id_or_name = rest.substr(0, rest.size() - execute_end.size());
        wanted.limit = call.query.number("limit").value_or(0);
        wanted.near = near_of(context, call);
        const auto query = resolve_query(context.model, wanted.id_or_name);
        std::string service = query && query->Service ? query->Service->Service.value_or("") : std::string();
        return ReadPlan{watch::services, [wanted, context](const Model&) { return execute(context, wanted); }, {}, std::move(service)};
    }
    if (rest.ends_with(explain_end)) {
        const std::string name(rest.substr(0, rest.size() - explain_end.size()));
        return ReadPlan{watch::queries, [name, access = context.access](const Model& model) -> Answer {
                            const QueryDefinition query = found(model, name);
                            demand_query(access, Grant::read, query);
                            return {200, "{\"Query\":" + json::encode(without_secret(query)) + '}'};
                        }};
    }
    return ReadPlan{watch::queries, [id = call.rest, access = context.access](const Model& model) -> Answer {
                        const PreparedQuery* query = model.find<PreparedQuery>(id);
                        if (query == nullptr) throw ApiError(404, "Query not found");
                        demand_query(access, Grant::read, query->definition);
                        return {200, '[' + query_text(*query) + ']'};
                    }};
}

Plan query_update(const Context& context, const Call& call) {
    auto definition = decode_body<QueryDefinition>(call.body);
    const PreparedQuery* before = context.model.find<PreparedQuery>(call.rest);
    demand_query(context.access, Grant::write, definition);
    if (before != nullptr) demand_query(context.access, Grant::write, before->definition);
    hide_secret(definition, before);
    definition.ID = call.rest; // not the one in the body
    return WritePlan{PutQuery{std::move(definition), true}, done};
}

Plan query_delete(const Context& context, const Call& call) {
    if (const PreparedQuery* query = context.model.find<PreparedQuery>(call.rest)) demand_query(context.access, Grant::write, query->definition);
    return WritePlan{DeleteQuery{call.rest}, done};
}

} // namespace gravity::registry::api::routes
