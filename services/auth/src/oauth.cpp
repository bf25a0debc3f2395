#include "oauth.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>

namespace gravity::issuer::oauth {

Web error_answer(const Refused& refused, const std::string& trace_id) {
    Json document = Json::object({{"error", refused.code().name}, {"error_description", refused.description()}});
    if (!trace_id.empty()) document["trace_id"] = trace_id; // section 5.2 lets there be more members
    Web web = answer(document);
    web.status = refused.code().status;
    for (const auto& header : refused.headers()) web.headers.push_back(header);
    // Section 5.2: the scheme that a client may try. A 401 has a challenge in any case (RFC 9110 section 15.5.2).
    if (web.status == 401) web.headers.emplace_back("WWW-Authenticate", "Basic realm=\"gravity\", charset=\"UTF-8\"");
    return web;
}

Web answer(const Json& document) { return answer(document.dump()); }
Web answer(std::string document) { // section 5.1
    return Web{"application/json", std::move(document)}.with("Cache-Control", "no-store").with("Pragma", "no-cache");
}

namespace {

bool may_repeat(std::string_view name) { return name == "resource" || name == "audience"; }

// Which can be kept: PostgreSQL has no text with U+0000 in it.
bool is_text(std::string_view bytes) { return utf8::valid(bytes) && bytes.find('\0') == std::string_view::npos; }

} // namespace

Form Form::parse(std::string_view content_type, std::string_view body) {
    if (!ascii::iequals(ascii::trim(content_type.substr(0, content_type.find(';'))), "application/x-www-form-urlencoded"))
        throw Refused(invalid_request, "The body must be application/x-www-form-urlencoded");
    Form form = read(body);
    if (form.repeats_any()) throw Refused(invalid_request, "A parameter is given twice");
    return form;
}

Form Form::of_browser(std::string_view query) { return read(query); }

Form Form::read(std::string_view body) {
    auto fields = http::parse_query(body, 64);
    if (!fields) throw Refused(invalid_request, "The form is malformed");
    Form form;
    for (auto& field : *fields) {
        if (!is_text(field.name) || !is_text(field.value)) throw Refused(invalid_request, "The form is not UTF-8, or has U+0000 in it");
        if (field.value.empty()) continue;
        if (form.parameters_.contains(field.name) && !may_repeat(field.name))
            form.repeated_.insert(std::move(field.name));
        else
            form.parameters_.emplace(std::move(field.name), std::move(field.value));
    }
    return form;
}

Form Form::of(Parameters parameters) {
    Form form;
    form.parameters_ = std::move(parameters);
    return form;
}

const std::string* Form::find(std::string_view name) const {
    const auto found = parameters_.find(name);
    return found == parameters_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> Form::all(std::string_view name) const {
    std::vector<std::string_view> values;
    const auto [first, last] = parameters_.equal_range(name);
    for (auto one = first; one != last; ++one) values.push_back(one->second);
    return values;
}

const std::string& Form::required(std::string_view name) const {
    const std::string* const value = find(name);
    if (value == nullptr) throw Refused(invalid_request, std::string(name) + " is missing");
    return *value;
}

} // namespace gravity::issuer::oauth
