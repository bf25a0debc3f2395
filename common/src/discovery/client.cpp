#include <gravity/base/ascii.hpp>
#include <gravity/discovery/client.hpp>
#include <gravity/meta/text.hpp>

#include <stdexcept>

namespace gravity {

using meta::Kind;

CallFor::CallFor(const Ctx& ctx) : deadline(ctx.deadline()), traceparent(ctx.traceparent()) {
    const auto field = ctx.request().headers.get("Authorization");
    // The user's own token goes on; a key of this service means nothing to another one.
    if (!field || field->size() < 8 || !ascii::iequals(field->substr(0, 7), "Bearer ")) return;
    const auto token = ascii::trim(field->substr(7));
    if (!token.starts_with("gk_") && !token.starts_with("gp_")) user_token = "Bearer " + std::string(token);
}

namespace discovery {

void fill_path(std::string& target, std::string_view name, meta::Ref value) {
    const std::string place = "{" + std::string(name) + "}";
    const auto at = target.find(place);
    if (at == std::string::npos) throw std::logic_error("a contract's path " + target + " has no " + place);
    target.replace(at, place.size(), http::percent_encode(meta::to_text(value)));
}

namespace {

void append(std::string& target, std::string_view name, meta::Ref value) {
    target += target.find('?') == std::string::npos ? '?' : '&';
    target += http::percent_encode(name) + '=' + http::percent_encode(meta::to_text(value));
}

} // namespace

void append_query(std::string& target, meta::Ref parameters) {
    for (const meta::Field& field : parameters.type->object->fields()) {
        meta::Ref value{&field.type(), field.at_const(parameters.value)};
        if (value.type->kind == Kind::optional) {
            const void* const inner = value.type->optional->get(value.value);
            if (inner == nullptr) continue;
            value = {&value.type->optional->element(), inner};
        }
        if (value.type->kind == Kind::list) {
            const auto& list = *value.type->list;
            for (std::size_t i = 0; i < list.size(value.value); ++i) append(target, field.name, {&list.element(), list.at(value.value, i)});
        } else if (value.type->is_set == nullptr || value.type->is_set(value.value)) {
            append(target, field.name, value);
        }
    }
}

void read_problem(const http::Response& response, std::string& slug, std::string& detail) {
    const auto document = Json::parse(response.body);
    const auto text = [&document](std::string_view name) -> std::string {
        const Json* const member = document ? document->find(name) : nullptr;
        return member != nullptr && member->is_string() ? member->as_string() : "";
    };
    const std::string type = text("type");
    constexpr std::string_view prefix = "urn:gravity:problem:";
    slug = type.starts_with(prefix) ? type.substr(prefix.size()) : type;
    detail = text("detail");
    if (detail.empty()) detail = text("title");
    if (detail.empty()) detail = "it answered " + std::to_string(response.status);
}

std::string read_answer(const http::Response& response, meta::MutableRef out) {
    const auto document = Json::parse(response.body);
    if (!document) return "its answer is " + document.why();
    meta::Errors errors;
    json::decode(*document, out, errors, json::Unknown::ignore);
    return errors.empty() ? "" : "its answer is not as the contract says: " + errors.to_string();
}

Outgoing outgoing_of(const CallFor& origin, http::Method method, std::string_view path, std::chrono::milliseconds attempt_timeout) {
    Outgoing out;
    out.method = method;
    out.target = path;
    out.attempt_timeout = attempt_timeout;
    out.deadline = origin.deadline;
    out.traceparent = origin.traceparent;
    out.user_token = origin.user_token;
    out.idempotency_key = origin.idempotency_key;
    out.idempotent = (method != http::Method::post && method != http::Method::patch) || !origin.idempotency_key.empty();
    return out;
}

} // namespace discovery
} // namespace gravity
