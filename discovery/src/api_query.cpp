// Prepared queries.
#include "api_input.hpp"
#include "api_output.hpp"
#include "queries.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/uuid.hpp>

#include <algorithm>
#include <random>

namespace gravity::registry::api::routes {
namespace {

constexpr std::string_view execute_end = "/execute", explain_end = "/explain";

std::string query_text(const PreparedQuery& query) {
    std::string text = json::encode(query.definition);
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

Answer execute(const Model& model, const Agent& agent, const std::string& id_or_name, std::uint64_t limit) {
    const QueryDefinition query = found(model, id_or_name);
    std::vector<QueryHit> hits = run_query(model, query);
    std::shuffle(hits.begin(), hits.end(), random());
    if (limit != 0 && hits.size() > limit) hits.resize(limit);
    ListWriter nodes;
    for (const QueryHit& hit : hits) nodes.add(service_entry_out(*hit.instance, *hit.node, model, agent));
    ObjectWriter out;
    out.add("Service", query.Service->Service.value_or(""));
    out.add_raw("Nodes", std::move(nodes).finish());
    out.add_raw("DNS", Json::object({{"TTL", query.DNS ? query.DNS->TTL.value_or("") : std::string()}}).dump());
    out.add("Datacenter", agent.datacenter);
    out.add_raw("Failovers", "0");
    return {200, std::move(out).finish()};
}

Answer done(const Reply& reply) {
    if (reply.status != 200) throw ApiError(reply.status, reply.text);
    return {};
}

} // namespace

Plan query_create(const Context&, const Call& call) {
    auto definition = decode_body<QueryDefinition>(call.body);
    definition.ID = Uuid::v4().to_string();
    std::string body = Json::object({{"ID", *definition.ID}}).dump();
    return WritePlan{PutQuery{std::move(definition), false}, [body](const Reply& reply) -> Answer {
                         done(reply);
                         return {200, body};
                     }};
}

Plan query_list(const Context&, const Call&) {
    return ReadPlan{watch::queries, [](const Model& model) -> Answer {
                        std::string list;
                        for (const auto& [id, query] : model.table<PreparedQuery>()) list += (list.empty() ? "" : ",") + query_text(*query);
                        return {200, '[' + list + ']'};
                    }};
}

Plan query_get(const Context& context, const Call& call) {
    const std::string_view rest = call.rest;
    if (rest.ends_with(execute_end)) {
        const std::string name(rest.substr(0, rest.size() - execute_end.size()));
        const std::uint64_t limit = call.query.number("limit").value_or(0);
        return ReadPlan{watch::services,
                        [name, limit, agent = context.agent](const Model& model) { return execute(model, agent, name, limit); }};
    }
    if (rest.ends_with(explain_end)) {
        const std::string name(rest.substr(0, rest.size() - explain_end.size()));
        return ReadPlan{watch::queries, [name](const Model& model) -> Answer {
                            return {200, "{\"Query\":" + json::encode(found(model, name)) + '}'};
                        }};
    }
    return ReadPlan{watch::queries, [id = call.rest](const Model& model) -> Answer {
                        const PreparedQuery* query = model.find<PreparedQuery>(id);
                        if (query == nullptr) throw ApiError(404, "Query not found");
                        return {200, '[' + query_text(*query) + ']'};
                    }};
}

Plan query_update(const Context&, const Call& call) {
    auto definition = decode_body<QueryDefinition>(call.body);
    definition.ID = call.rest; // not the one in the body
    return WritePlan{PutQuery{std::move(definition), true}, done};
}

Plan query_delete(const Context&, const Call& call) { return WritePlan{DeleteQuery{call.rest}, done}; }

} // namespace gravity::registry::api::routes
