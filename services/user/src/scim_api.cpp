#include "scim_api.hpp"

#include "scim_bulk.hpp"
#include "scim_convert.hpp"
#include "scim_requests.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/http/ctx.hpp>

#include <algorithm>
#include <map>

namespace gravity::user::scim {
namespace {

Task<WebCreated> created(Task<Web> answer) {
    Web web = co_await std::move(answer);
    co_return WebCreated{std::move(web)};
}
Task<WebEmpty> emptied(Task<Web> answer) {
    Web web = co_await std::move(answer);
    co_return WebEmpty{std::move(web)};
}

Task<Web> ask(Ctx& ctx, Work work, std::string id = {}) { return answered(ctx, work, std::move(id), {}); }

// Section 3.4.3: over all types, one after the other.
Web search_everything(Tx& tx, Call call) {
    ListRequest request = search_request(document_of(call), call.mode == ScimMode::entra);
    if (request.cursor) throw invalid_value("A list over all types is by startIndex");
    const std::int64_t skip = request.search.skip, count = request.search.count;
    std::int64_t total = 0;
    Json resources = Json::array();
    request.search.all_types = true;
    for (const auto page : {users::page, groups::page}) {
        request.search.skip = std::max<std::int64_t>(0, skip - total);
        request.search.count = count - static_cast<std::int64_t>(resources.size());
        Listed listed = page(tx, call, request);
        total += listed.total;
        for (auto& one : listed.resources.as_array()) resources.push_back(std::move(one));
    }
    return answer(200, list_response(total, request.start, std::move(resources)));
}

// An operation's work by method and path, and the id in the path; null where there is nothing at it.
std::pair<Work, std::string> work_of(const BulkOperation& operation) {
    std::string_view path = operation.path;
    const auto below = [&](std::string_view endpoint) -> std::optional<std::string> {
        if (!path.starts_with(endpoint)) return std::nullopt;
        const auto rest = path.substr(endpoint.size());
        if (rest.empty()) return "";
        if (rest.front() != '/' || rest.size() == 1 || rest.find('/', 1) != std::string_view::npos) return std::nullopt;
        return std::string(rest.substr(1));
    };
    const auto pick = [&](const std::string& id, Work post, Work put, Work patch, Work remove) -> std::pair<Work, std::string> {
        if (operation.method == BulkMethod::post) return {id.empty() ? post : nullptr, id};
        if (id.empty()) return {nullptr, id};
        return {operation.method == BulkMethod::put ? put : operation.method == BulkMethod::patch ? patch
                                                                                                  : remove,
                id};
    };
    if (const auto id = below("/Users")) return pick(*id, users::create, users::replace, users::patch, users::remove);
    if (const auto id = below("/Groups")) return pick(*id, groups::create, groups::replace, groups::patch, groups::remove);
    return {nullptr, {}};
}

std::string header_of(const Web& web, std::string_view name) {
    for (const auto& [key, value] : web.headers)
        if (key == name) return value;
    return {};
}

Json bulk_answer(const BulkOperation& operation, const Web& web) {
    Json out = Json::object({{"method", operation.method_text}, {"status", std::to_string(web.status)}});
    if (!operation.bulk_id.empty()) out["bulkId"] = operation.bulk_id;
    for (const std::string_view name : {"Location", "Content-Location"})
        if (const auto location = header_of(web, name); !location.empty()) out["location"] = location;
    if (const auto version = header_of(web, "ETag"); !version.empty()) out["version"] = version;
    if (web.status >= 400) out["response"] = Json::parse(web.body).or_throw();
    return out;
}

Task<Web> perform_one(Ctx& ctx, BulkOperation operation, std::optional<std::string> missing) {
    const std::pair<Work, std::string> found = work_of(operation);
    Call call = call_of(ctx);
    call.id = found.second;
    call.content_type = media_type;
    call.body = operation.data.dump();
    call.expected = operation.version.empty() ? IfMatch() : IfMatch(written_versions(operation.version)); // and not what is said of the whole
    if (missing) co_return error_answer(invalid_value("No operation has made bulkId:" + *missing));
    if (found.first == nullptr) co_return error_answer(Refused(404, "", "There is nothing at " + operation.path));
    Web web = co_await perform(ctx, found.first, std::move(call));
    co_return web;
}

// What a POST had to leave out at first. Where it is refused (a group in itself) it is deleted, for whoever asked is told that it failed: of a group nothing
// stays; a user is deactivated as by every DELETE, and there for no directory.
Task<Web> complete_one(Ctx& ctx, BulkOperation operation, std::map<std::string, std::string> ids) {
    const std::string path = operation.path + "/" + ids.at(operation.bulk_id);
    operation.path = path;
    operation.method = BulkMethod::put;
    std::optional<std::string> missing = resolve_bulk_ids(operation, ids);
    Web web = co_await perform_one(ctx, operation, std::move(missing));
    if (web.status < 400) co_return web;
    BulkOperation undo;
    undo.path = path;
    undo.method = BulkMethod::remove;
    const std::optional<std::string> nothing_missing;
    Web undone = co_await perform_one(ctx, undo, nothing_missing);
    if (undone.status >= 400 && undone.status != 404) co_return undone;
    co_return web;
}

// One transaction for each operation; the answers are in the order of the request.
Task<Web> perform_all(Ctx& ctx, BulkRequest request) {
    std::map<std::string, std::string> ids;
    std::vector<std::optional<Json>> answers(request.operations.size());
    std::size_t errors = 0;
    const auto enough = [&] { return request.fail_on_errors && errors >= *request.fail_on_errors; };
    for (const BulkStep& step : bulk_order(request.operations)) {
        const std::size_t i = step.operation;
        if (step.kind == BulkStep::Kind::rest) { // of what was made already, whatever has happened since
            if (!answers[i] || answers[i]->find("response") != nullptr) continue;
            BulkOperation whole = request.operations[i];
            Web completed = co_await complete_one(ctx, whole, ids);
            errors += completed.status >= 400 ? 1 : 0;
            answers[i] = bulk_answer(whole, completed);
            if (completed.status < 400) (*answers[i])["status"] = "201"; // all that was asked for is a POST
            continue;
        }
        if (enough()) continue;
        BulkOperation operation = request.operations[i];
        if (step.kind == BulkStep::Kind::part) leave_out_unknown(operation, ids);
        std::optional<std::string> missing = resolve_bulk_ids(operation, ids);
        Web web = co_await perform_one(ctx, operation, std::move(missing));
        if (web.status == 201) {
            const std::string location = header_of(web, "Location");
            ids[operation.bulk_id] = location.substr(location.rfind('/') + 1);
        }
        errors += web.status >= 400 ? 1 : 0;
        answers[i] = bulk_answer(operation, web);
    }
    Json list = Json::array();
    for (auto& one : answers)
        if (one) list.push_back(*std::move(one));
    co_return answer(200, Json::object({{"schemas", Json::array({"urn:ietf:params:scim:api:messages:2.0:BulkResponse"})}, {"Operations", std::move(list)}}));
}

// Section 4: filters are not for what describes the service.
void refuse_filter(const Call& call) {
    if (!parameter(call, "filter").empty()) throw Refused(403, "", "What describes the service is not filtered");
}

Web show_config(Tx&, Call call) {
    const auto supported = [](bool is) { return Json::object({{"supported", is}}); };
    Json filter = supported(true), bulk = supported(true);
    filter["maxResults"] = most_results;
    bulk["maxOperations"] = static_cast<std::int64_t>(most_bulk_operations);
    bulk["maxPayloadSize"] = 1 << 20;
    const Json pagination = Json::object({{"cursor", true}, // RFC 9865 section 4; cursors do not end
                                          {"index", true},
                                          {"defaultPaginationMethod", "index"},
                                          {"defaultPageSize", 100},
                                          {"maxPageSize", most_results}});
    const Json bearer = Json::object({{"type", "oauthbearertoken"},
                                      {"name", "OAuth Bearer Token"},
                                      {"description", "An access token with the scope scim:write, or an access key with it"},
                                      {"specUri", "https://www.rfc-editor.org/rfc/rfc6750"},
                                      {"primary", true}});
    return answer(200, Json::object({{"schemas", Json::array({"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"})},
                                     {"patch", supported(true)},
                                     {"bulk", bulk},
                                     {"filter", filter},
                                     {"changePassword", supported(false)},
                                     {"sort", supported(true)},
                                     {"etag", supported(true)},
                                     {"pagination", pagination},
                                     {"authenticationSchemes", Json::array({bearer})},
                                     {"meta", Json::object({{"resourceType", "ServiceProviderConfig"}, {"location", call.base + "/ServiceProviderConfig"}})}}));
}

Web show_types(Tx&, Call call) {
    refuse_filter(call);
    return answer(200, list_response(2, 1, Json::array({type_document(user_type(), call.base), type_document(group_type(), call.base)})));
}
Web show_type(Tx&, Call call) {
    for (const auto* const type : {&user_type(), &group_type()})
        if (ascii::iequals(type->name, call.id)) return answer(200, type_document(*type, call.base));
    throw Refused(404, "", "There is no such resource type");
}

Web show_schemas(Tx&, Call call) {
    refuse_filter(call);
    Json all = Json::array();
    for (const Schema* const schema : schemas()) all.push_back(schema_document(*schema, call.base));
    const auto total = static_cast<std::int64_t>(all.size());
    return answer(200, list_response(total, 1, std::move(all)));
}
Web show_schema(Tx&, Call call) {
    for (const Schema* const schema : schemas())
        if (ascii::iequals(schema->urn, call.id)) return answer(200, schema_document(*schema, call.base));
    throw Refused(404, "", "There is no such schema");
}

Web show_nothing(Tx&, Call) { throw Refused(404, "", "There is nothing here"); }

} // namespace

// An IfMatch without a name is there for the description: `call_of` reads the field, for what it is compared with has marks that are no versions of ours.
Task<Web> list_users(Ctx& ctx) { return ask(ctx, users::list); }
Task<Web> search_users(Ctx& ctx, RawBody body) { return answered(ctx, users::search, {}, std::move(body)); }
Task<WebCreated> create_user(Ctx& ctx, RawBody body) { return created(changed(ctx, users::create, {}, std::move(body))); }
Task<Web> get_user(Ctx& ctx, Path<"id", std::string> id) { return ask(ctx, users::get, *id); }
Task<Web> replace_user(Ctx& ctx, Path<"id", std::string> id, RawBody body, IfMatch) {
    return changed(ctx, users::replace, *id, std::move(body));
}
Task<Web> patch_user(Ctx& ctx, Path<"id", std::string> id, RawBody body, IfMatch) {
    return changed(ctx, users::patch, *id, std::move(body));
}
Task<WebEmpty> delete_user(Ctx& ctx, Path<"id", std::string> id, IfMatch) {
    return emptied(changed(ctx, users::remove, *id, {}));
}

Task<Web> list_groups(Ctx& ctx) { return ask(ctx, groups::list); }
Task<Web> search_groups(Ctx& ctx, RawBody body) { return answered(ctx, groups::search, {}, std::move(body)); }
Task<WebCreated> create_group(Ctx& ctx, RawBody body) { return created(changed(ctx, groups::create, {}, std::move(body))); }
Task<Web> get_group(Ctx& ctx, Path<"id", std::string> id) { return ask(ctx, groups::get, *id); }
Task<Web> replace_group(Ctx& ctx, Path<"id", std::string> id, RawBody body, IfMatch) {
    return changed(ctx, groups::replace, *id, std::move(body));
}
Task<Web> patch_group(Ctx& ctx, Path<"id", std::string> id, RawBody body, IfMatch) {
    return changed(ctx, groups::patch, *id, std::move(body));
}
Task<WebEmpty> delete_group(Ctx& ctx, Path<"id", std::string> id, IfMatch) {
    return emptied(changed(ctx, groups::remove, *id, {}));
}

Task<Web> search_all(Ctx& ctx, RawBody body) { return answered(ctx, search_everything, {}, std::move(body)); }

Task<Web> bulk(Ctx& ctx, RawBody body) {
    std::optional<Refused> refused;
    try {
        Call call = call_of(ctx);
        call.body = std::move(body.bytes);
        call.content_type = std::move(body.content_type);
        BulkRequest request = bulk_request(document_of(call));
        Web web = co_await perform_all(ctx, std::move(request));
        co_return web;
    } catch (const Refused& error) {
        refused = error;
    }
    co_return error_answer(*refused);
}
Task<Web> get_me(Ctx& ctx) { return ask(ctx, users::get_me); }
Task<Web> replace_me(Ctx& ctx, RawBody body, IfMatch) { return changed(ctx, users::replace_me, {}, std::move(body)); }
Task<Web> patch_me(Ctx& ctx, RawBody body, IfMatch) { return changed(ctx, users::patch_me, {}, std::move(body)); }
Task<WebBegun> delete_me(Ctx& ctx, SignInTime signed_in, IfMatch) {
    Call call = call_of(ctx);
    call.signed_in = signed_in;
    Web web = co_await perform(ctx, users::remove_me, std::move(call));
    co_return WebBegun{std::move(web)};
}

Task<Web> provider_config(Ctx& ctx) { return described(ctx, show_config, {}); }
Task<Web> list_types(Ctx& ctx) { return described(ctx, show_types, {}); }
Task<Web> get_type(Ctx& ctx, Path<"name", std::string> name) { return described(ctx, show_type, *name); }
Task<Web> list_schemas(Ctx& ctx) { return described(ctx, show_schemas, {}); }
Task<Web> get_schema(Ctx& ctx, Path<"urn", std::string> urn) { return described(ctx, show_schema, *urn); }
Task<Web> nothing_here(Ctx& ctx, Path<"rest", std::string>) { return described(ctx, show_nothing, {}); }

} // namespace gravity::user::scim
