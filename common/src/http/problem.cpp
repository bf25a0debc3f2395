#include <gravity/base/encoding.hpp>
#include <gravity/http/problem.hpp>

namespace gravity::http {

Response problem_response(const Refusal& refusal, std::string_view instance, std::string_view trace_id) {
    Response response;
    response.status = refusal.problem().status;
    response.headers.add("Content-Type", "application/problem+json");
    for (const auto& [name, value] : refusal.headers()) response.headers.add(name, value);

    std::string& body = response.body;
    const auto text = [&body](std::string_view name, std::string_view value) {
        body += body.empty() ? '{' : ',';
        append_json_string(body, name);
        body += ':';
        append_json_string(body, value);
    };
    text("type", problem_type(refusal.problem().slug));
    text("title", refusal.problem().title);
    body += ",\"status\":" + std::to_string(refusal.problem().status);
    if (!refusal.detail().empty()) text("detail", refusal.detail());
    text("instance", instance);
    if (!trace_id.empty()) text("trace_id", trace_id);
    for (const auto& member : refusal.members()) {
        body += ',';
        append_json_string(body, member.name);
        body += ':' + member.json;
    }
    if (!refusal.faults().empty()) {
        body += ",\"errors\":[";
        for (const auto& fault : refusal.faults()) {
            body += body.back() == '[' ? "{" : ",{";
            if (!fault.in.empty()) {
                body += "\"in\":";
                append_json_string(body, fault.in);
                body += ',';
            }
            body += "\"pointer\":";
            append_json_string(body, fault.pointer);
            body += ",\"detail\":";
            append_json_string(body, fault.detail);
            body += '}';
        }
        body += ']';
    }
    body += '}';
    return response;
}

Refusal refusal_of(const meta::Errors& errors, std::string_view in) {
    std::vector<Refusal::Fault> faults;
    for (const auto& item : errors.items()) faults.push_back({item.pointer, item.detail, std::string(in)});
    return Refusal(errors.any_shape() ? problems::malformed : problems::invalid, errors.to_string()).with_faults(std::move(faults));
}

} // namespace gravity::http
