#include "scim_query.hpp"

#include "scim_message.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::user::scim {
namespace {

std::int64_t number_of(std::string_view name, std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) throw invalid_value(std::string(name) + " must be an integer");
    return number;
}

// Section 3.4.2.4: a start below 1 is 1, a count below 0 is 0.
void set_page(ListRequest& request, std::optional<std::int64_t> start, std::optional<std::int64_t> count) {
    constexpr std::int64_t furthest = 1'000'000'000;
    request.start = std::clamp<std::int64_t>(start.value_or(1), 1, furthest);
    request.search.skip = request.start - 1;
    request.search.count = std::clamp<std::int64_t>(count.value_or(100), 0, most_results);
}

void set_order(ListRequest& request, const std::string& by, const std::string& order) {
    if (!order.empty() && !ascii::iequals(order, "ascending") && !ascii::iequals(order, "descending"))
        throw invalid_value("sortOrder must be ascending or descending");
    request.search.descending = ascii::iequals(order, "descending");
    if (by.empty()) return;
    const PatchPath path = parse_path(by);
    if (path.items) throw invalid_path("sortBy has no filter");
    request.search.sort_by = path.attribute;
}

// RFC 9865: instead of an index, and in the order of ids alone.
void set_cursor(ListRequest& request, std::optional<std::string> cursor, bool with_start) {
    if (!cursor) return;
    if (with_start) throw invalid_value("A list is by startIndex or by cursor");
    if (request.search.sort_by) throw invalid_value("A list by cursor is in the order of ids");
    if (cursor->size() > 200) throw Refused(400, "invalidCursor", "The cursor is not one of this list");
    request.cursor = std::move(cursor);
    request.search.skip = 0;
}

std::optional<std::int64_t> integer_in(const Json& message, std::string_view name) {
    const Json* const value = member(message, name);
    if (value == nullptr) return std::nullopt;
    if (value->kind() != Json::Kind::integer) throw invalid_syntax(std::string(name) + " must be an integer");
    return value->as_integer();
}
std::string names_in(const Json& message, std::string_view name) {
    const Json* const value = member(message, name);
    if (value == nullptr) return {};
    if (!value->is_array()) throw invalid_syntax(std::string(name) + " must be a list");
    std::string all;
    for (const Json& one : value->as_array()) {
        if (!one.is_string()) throw invalid_syntax(std::string(name) + " must be a list of texts");
        all += (all.empty() ? "" : ",") + one.as_string();
    }
    return all;
}

} // namespace

ListRequest list_request(const Call& call) {
    ListRequest request;
    const auto number = [&](std::string_view name) {
        const std::string text = parameter(call, name);
        return text.empty() ? std::nullopt : std::optional<std::int64_t>(number_of(name, text));
    };
    set_page(request, number("startIndex"), number("count"));
    set_order(request, parameter(call, "sortBy"), parameter(call, "sortOrder"));
    request.filter_text = parameter(call, "filter");
    if (!request.filter_text.empty()) request.search.filter = parse_filter(request.filter_text, call.mode == ScimMode::entra);
    set_cursor(request, maybe_parameter(call, "cursor"), maybe_parameter(call, "startIndex").has_value());
    request.attributes = parameter(call, "attributes");
    request.excluded = parameter(call, "excludedAttributes");
    return request;
}

ListRequest search_request(const Json& message, bool as_entra_id) {
    if (!message.is_object()) throw invalid_syntax("The message must be an object");
    const Json* const urns = member(message, "schemas");
    constexpr std::string_view urn = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    if (urns == nullptr || !urns->is_array() || std::find(urns->as_array().begin(), urns->as_array().end(), Json(urn)) == urns->as_array().end())
        throw invalid_syntax("schemas must name " + std::string(urn));
    ListRequest request;
    set_page(request, integer_in(message, "startIndex"), integer_in(message, "count"));
    set_order(request, text_in(message, "sortBy"), text_in(message, "sortOrder"));
    request.filter_text = text_in(message, "filter");
    if (!request.filter_text.empty()) request.search.filter = parse_filter(request.filter_text, as_entra_id);
    if (member(message, "cursor") != nullptr) set_cursor(request, text_in(message, "cursor"), member(message, "startIndex") != nullptr);
    request.attributes = names_in(message, "attributes");
    request.excluded = names_in(message, "excludedAttributes");
    return request;
}

Json list_response(std::int64_t total, std::int64_t start, Json resources) {
    Json out = Json::object({{"schemas", Json::array({"urn:ietf:params:scim:api:messages:2.0:ListResponse"})},
                             {"totalResults", total},
                             {"startIndex", start},
                             {"itemsPerPage", static_cast<std::int64_t>(resources.size())}});
    out["Resources"] = std::move(resources);
    return out;
}

} // namespace gravity::user::scim
