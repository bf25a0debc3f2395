#include "scim_call.hpp"

#include "problems.hpp"
#include "reads.hpp"
#include "scim_clients_store.hpp"
#include "scim_convert.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::user::scim {
namespace {

// What everybody else is told as a problem document.
Refused refused_by(const Refusal& refusal) {
    const Problem& problem = refusal.problem();
    const std::string detail = std::string(problem.title) + (refusal.detail().empty() ? "" : ": " + refusal.detail());
    for (const Problem& taken : {handle_taken, subject_taken, external_id_taken, contact_taken})
        if (problem.slug == taken.slug) return {409, "uniqueness", detail};
    if (problem.slug == group_full.slug) return too_many(detail);
    if (problem.slug == group_circle.slug || problem.slug == no_such_member.slug || problem.slug == wrong_state.slug) return {400, "invalidValue", detail};
    return {problem.status, "", detail};
}

enum class Way {
    describe, // whoever asks: no database is looked at
    look,     // as the client that asks
    change
};

Web as_this(Tx& tx, Work work, Call call, const std::optional<ScimClient>& client) {
    if (client) {
        call.mode = *client->mode;
        call.on_delete = *client->on_delete;
        call.directory = client->id;
    }
    return work(tx, std::move(call));
}

Web as_client(Tx& tx, Work work, Call call) {
    const auto client = tx.maybe(scim_client_of_subject, call.caller.subject);
    return as_this(tx, work, std::move(call), client);
}

Web as_seen_client(Tx& tx, Work work, Call call) {
    auto seen = call.clients->find(tx.project(), call.caller.subject);
    if (!seen) {
        seen.emplace(tx.maybe(scim_client_of_subject, call.caller.subject));
        call.clients->note(tx.project(), call.caller.subject, *seen);
    }
    return as_this(tx, work, std::move(call), *seen);
}

Web plainly(Tx& tx, Work work, Call call) { return work(tx, std::move(call)); }

Task<Web> run_one(Ctx& ctx, Way way, Work work, Call call) {
    if (way == Way::change) {
        Web changed = co_await ctx.transaction(as_client, work, call);
        co_return changed;
    }
    std::optional<Web> web;
    const auto how = way == Way::look ? as_seen_client : plainly;
    std::function<void(Tx&)> read = [&](Tx& tx) { web = how(tx, work, call); };
    co_await ctx.get<Reads>().run(ctx, std::move(read));
    co_return *std::move(web);
}

Task<Web> run(Ctx& ctx, Way way, Work work, Call call) {
    std::optional<Refused> refused;
    std::vector<std::pair<std::string, std::string>> headers;
    try {
        Web web = co_await run_one(ctx, way, work, call);
        co_return web;
    } catch (const Refused& error) {
        refused = error;
    } catch (const Refusal& error) {
        refused = refused_by(error);
        headers = error.headers(); // Retry-After
    }
    Web web = error_answer(*refused);
    web.headers = std::move(headers);
    co_return web;
}

Call request_of(Ctx& ctx, std::string id, RawBody body) {
    Call call = call_of(ctx);
    call.id = std::move(id);
    call.query = http::parse_query(ctx.request().query);
    call.body = std::move(body.bytes);
    call.content_type = std::move(body.content_type);
    return call;
}

} // namespace

Web error_answer(const Refused& refused) {
    Json document = Json::object({{"schemas", Json::array({"urn:ietf:params:scim:api:messages:2.0:Error"})},
                                  {"status", std::to_string(refused.status())},
                                  {"detail", refused.detail()}});
    if (!refused.type().empty()) document["scimType"] = refused.type();
    return answer(refused.status(), document);
}

Web answer(int status, const Json& document) { return {std::string(media_type), document.dump(), status}; }

std::string parameter(const Call& call, std::string_view name) { return maybe_parameter(call, name).value_or(""); }

std::optional<std::string> maybe_parameter(const Call& call, std::string_view name) {
    if (!call.query) throw invalid_syntax("The query is malformed");
    for (const auto& one : *call.query)
        if (ascii::iequals(one.name, name)) return one.value;
    return std::nullopt;
}

Json document_of(const Call& call) {
    const auto type = ascii::trim(std::string_view(call.content_type).substr(0, call.content_type.find(';')));
    if (!ascii::iequals(type, media_type) && !ascii::iequals(type, "application/json"))
        throw Refused(415, "", "The body must be " + std::string(media_type));
    const auto coding = ascii::trim(call.content_coding);
    if (!coding.empty() && !ascii::iequals(coding, "identity")) throw Refused(415, "", "Send the body without a Content-Encoding");
    auto document = Json::parse(call.body);
    if (!document) throw invalid_syntax("The body is no JSON: " + document.why());
    return *std::move(document);
}

Call call_of(Ctx& ctx) {
    const Settings& settings = ctx.get<Settings>();
    std::string base = settings.public_url.str();
    while (base.ends_with('/')) base.pop_back();
    Call call;
    call.caller = *ctx.caller();
    call.base = base + "/scim/v2";
    call.mode = settings.scim_mode;
    call.query.emplace();
    call.content_coding = ctx.request().headers.get("Content-Encoding").value_or("");
    if (const auto field = ctx.request().headers.get("If-Match")) call.expected = IfMatch(written_versions(std::string(*field)));
    call.clients = &ctx.get<SeenClients>();
    call.settings = &settings;
    return call;
}

Task<Web> perform(Ctx& ctx, Work work, Call call) { return run(ctx, Way::change, work, std::move(call)); }

Task<Web> answered(Ctx& ctx, Work work, std::string id, RawBody body) {
    return run(ctx, Way::look, work, request_of(ctx, std::move(id), std::move(body)));
}

Task<Web> changed(Ctx& ctx, Work work, std::string id, RawBody body) {
    return perform(ctx, work, request_of(ctx, std::move(id), std::move(body)));
}

Task<Web> described(Ctx& ctx, Work work, std::string id) { return run(ctx, Way::describe, work, request_of(ctx, std::move(id), {})); }

} // namespace gravity::user::scim
