#include "scim_bulk.hpp"

#include "scim_error.hpp"
#include "scim_message.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <set>

namespace gravity::user::scim {
namespace {

constexpr std::string_view bulk_urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest", prefix = "bulkId:";

BulkMethod method_of(std::string_view text) {
    if (ascii::iequals(text, "POST")) return BulkMethod::post;
    if (ascii::iequals(text, "PUT")) return BulkMethod::put;
    if (ascii::iequals(text, "PATCH")) return BulkMethod::patch;
    if (ascii::iequals(text, "DELETE")) return BulkMethod::remove;
    throw invalid_syntax("method must be POST, PUT, PATCH or DELETE");
}

BulkOperation operation_of(const Json& json) {
    if (!json.is_object()) throw invalid_syntax("An operation must be an object");
    BulkOperation operation;
    operation.method_text = text_in(json, "method");
    operation.method = method_of(operation.method_text);
    operation.path = text_in(json, "path");
    operation.bulk_id = text_in(json, "bulkId");
    operation.version = text_in(json, "version");
    if (const Json* const data = member(json, "data")) operation.data = *data;
    if (operation.path.empty()) throw invalid_syntax("An operation must have a path");
    if (operation.method == BulkMethod::post && operation.bulk_id.empty()) throw invalid_syntax("A POST must have a bulkId");
    if (operation.method != BulkMethod::remove && operation.data.is_null()) throw invalid_syntax("An operation must have data");
    return operation;
}

// Every text below that names a bulkId.
template <class J, class F>
void each_reference(J& value, const F& visit) {
    if (value.is_string() && value.as_string().starts_with(prefix)) visit(value);
    if (value.is_array())
        for (auto& one : value.as_array()) each_reference(one, visit);
    if (value.is_object())
        for (auto& [name, one] : value.as_object()) each_reference(one, visit);
}

bool names_unknown(const Json& value, const std::map<std::string, std::string>& ids) {
    bool unknown = false;
    each_reference(value, [&](const Json& text) { unknown = unknown || !ids.contains(text.as_string().substr(prefix.size())); });
    return unknown;
}

void take_out_unknown(Json& value, const std::map<std::string, std::string>& ids) {
    if (value.is_array()) std::erase_if(value.as_array(), [&](const Json& item) { return names_unknown(item, ids); });
    if (!value.is_object()) return;
    std::erase_if(value.as_object(), [&](const auto& one) { return one.second.is_string() && names_unknown(one.second, ids); });
    for (auto& [name, inner] : value.as_object()) take_out_unknown(inner, ids);
}

std::string id_in_path(std::string_view path) {
    const auto slash = path.rfind('/');
    const auto last = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    return last.starts_with(prefix) ? std::string(last.substr(prefix.size())) : "";
}

std::set<std::string> names_in(const BulkOperation& operation) {
    std::set<std::string> names;
    each_reference(operation.data, [&](const Json& text) { names.insert(text.as_string().substr(prefix.size())); });
    if (auto name = id_in_path(operation.path); !name.empty()) names.insert(std::move(name));
    return names;
}

} // namespace

BulkRequest bulk_request(const Json& message) {
    if (!message.is_object()) throw invalid_syntax("The message must be an object");
    const Json* const urns = member(message, "schemas");
    if (urns == nullptr || !urns->is_array() || std::find(urns->as_array().begin(), urns->as_array().end(), Json(bulk_urn)) == urns->as_array().end())
        throw invalid_syntax("schemas must name " + std::string(bulk_urn));
    BulkRequest request;
    if (const Json* const limit = member(message, "failOnErrors")) {
        if (limit->kind() != Json::Kind::integer || limit->as_integer() < 1) throw invalid_syntax("failOnErrors must be an integer from 1");
        request.fail_on_errors = static_cast<std::size_t>(limit->as_integer());
    }
    const Json* const operations = member(message, "Operations");
    if (operations == nullptr || !operations->is_array() || operations->size() == 0) throw invalid_syntax("There are no Operations");
    if (operations->size() > most_bulk_operations) throw Refused(413, "", "There are more than 1,000 Operations (maxOperations)");
    std::set<std::string> ids;
    for (const Json& one : operations->as_array()) {
        request.operations.push_back(operation_of(one));
        const auto& last = request.operations.back();
        if (last.method == BulkMethod::post && !ids.insert(last.bulk_id).second) throw invalid_value("Two operations have the bulkId " + last.bulk_id);
    }
    return request;
}

// In rounds: a thousand operations in a chain that was sent backwards are half a million looks.
std::vector<BulkStep> bulk_order(const std::vector<BulkOperation>& operations) {
    std::map<std::string, std::size_t> makers;
    for (std::size_t i = 0; i < operations.size(); ++i)
        if (operations[i].method == BulkMethod::post) makers[operations[i].bulk_id] = i;
    std::vector<std::vector<std::size_t>> waits(operations.size());
    for (std::size_t i = 0; i < operations.size(); ++i)
        for (const auto& name : names_in(operations[i]))
            if (const auto maker = makers.find(name); maker != makers.end()) waits[i].push_back(maker->second);

    std::vector<BulkStep> order;
    std::vector<std::size_t> parts;
    std::vector<bool> done(operations.size());
    const auto ready = [&](std::size_t i) { return !done[i] && std::all_of(waits[i].begin(), waits[i].end(), [&](std::size_t j) { return done[j]; }); };
    for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t i = 0; i < operations.size(); ++i)
            if (ready(i)) {
                order.push_back({i, BulkStep::Kind::whole});
                done[i] = moved = true;
            }
        // Whoever still waits, waits for a POST that waits itself.
        for (std::size_t i = 0; i < operations.size() && !moved; ++i)
            if (!done[i] && operations[i].method == BulkMethod::post) {
                order.push_back({i, BulkStep::Kind::part});
                parts.push_back(i);
                done[i] = moved = true;
            }
    }
    for (const std::size_t i : parts) order.push_back({i, BulkStep::Kind::rest});
    return order;
}

void leave_out_unknown(BulkOperation& operation, const std::map<std::string, std::string>& ids) { take_out_unknown(operation.data, ids); }

std::optional<std::string> resolve_bulk_ids(BulkOperation& operation, const std::map<std::string, std::string>& ids) {
    std::optional<std::string> missing;
    const auto id_of = [&](const std::string& name) -> std::string {
        const auto found = ids.find(name);
        if (found != ids.end()) return found->second;
        missing = name;
        return {};
    };
    each_reference(operation.data, [&](Json& text) { text = Json(id_of(text.as_string().substr(prefix.size()))); });
    if (const auto name = id_in_path(operation.path); !name.empty()) operation.path = operation.path.substr(0, operation.path.rfind('/') + 1) + id_of(name);
    return missing;
}

} // namespace gravity::user::scim
