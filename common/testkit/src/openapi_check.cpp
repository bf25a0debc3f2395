#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/testkit/openapi_check.hpp>

#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

namespace gravity::testkit {
namespace {

std::string_view media_type(std::string_view field) { return ascii::trim(field.substr(0, field.find(';'))); }

bool of_type(const Json& value, std::string_view name) {
    switch (value.kind()) {
    case Json::Kind::null: return name == "null";
    case Json::Kind::boolean: return name == "boolean";
    case Json::Kind::integer: return name == "integer" || name == "number";
    case Json::Kind::number: return name == "number" || (name == "integer" && std::trunc(value.as_number()) == value.as_number());
    case Json::Kind::string: return name == "string";
    case Json::Kind::array: return name == "array";
    case Json::Kind::object: return name == "object";
    }
    return false;
}

bool matches(const std::string& pattern, const std::string& text) {
    static std::map<std::string, std::regex> compiled; // of tests' one thread
    const auto found = compiled.try_emplace(pattern, pattern, std::regex::ECMAScript).first;
    return std::regex_search(text, found->second);
}

std::size_t code_points(std::string_view text) {
    std::size_t n = 0;
    for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return n;
}

// Said for readers, judged by nobody here: `format` is an annotation in JSON Schema 2020-12.
const std::set<std::string, std::less<>> annotations{
    "description", "title", "default", "examples", "format", "discriminator", "contentEncoding",
    "contentMediaType", "writeOnly", "readOnly", "deprecated", "$ref", "$comment", "additionalProperties"};

class Validator {
public:
    Validator(const OpenApiCheck& check, std::vector<std::string>& faults) : check_(check), faults_(faults) {}

    void visit(const Json& raw, const Json& value, const std::string& place) {
        const Json& schema = check_.resolved(raw);
        if (!schema.is_object()) throw std::logic_error("a schema is no object: " + schema.dump());
        for (const auto& [keyword, argument] : schema.as_object()) {
            if (annotations.contains(keyword) || keyword.starts_with("x-")) continue;
            apply(keyword, argument, value, place);
        }
        if (value.is_object()) closed(schema, value, place);
    }

private:
    void apply(const std::string& keyword, const Json& argument, const Json& value, const std::string& place) {
        if (keyword == "type") return type(argument, value, place);
        if (keyword == "enum") return one_of(argument.as_array(), value, place);
        if (keyword == "const") return one_of({argument}, value, place);
        if (keyword == "anyOf" || keyword == "oneOf") return alternatives(argument, value, place, keyword == "oneOf");
        if (keyword == "allOf") {
            for (const Json& each : argument.as_array()) visit(each, value, place);
            return;
        }
        if (keyword == "properties") {
            for (const auto& [name, schema] : argument.as_object())
                if (const Json* member = value.find(name)) visit(schema, *member, place + "/" + name);
            return;
        }
        if (keyword == "required") {
            for (const Json& name : argument.as_array())
                if (value.is_object() && value.find(name.as_string()) == nullptr) fault(place, "lacks \"" + name.as_string() + "\"");
            return;
        }
        if (keyword == "items") {
            if (!value.is_array()) return;
            for (std::size_t i = 0; i < value.size(); ++i) visit(argument, value.as_array()[i], place + "/" + std::to_string(i));
            return;
        }
        if (keyword == "pattern") {
            if (value.is_string() && !matches(argument.as_string(), value.as_string())) fault(place, value.dump() + " does not match " + argument.as_string());
            return;
        }
        bound(keyword, argument, value, place);
    }

    void bound(const std::string& keyword, const Json& argument, const Json& value, const std::string& place) {
        const bool number = value.kind() == Json::Kind::integer || value.kind() == Json::Kind::number;
        const double limit = argument.as_number();
        bool kept = true;
        if (keyword == "minimum") kept = !number || value.as_number() >= limit;
        else if (keyword == "maximum") kept = !number || value.as_number() <= limit;
        else if (keyword == "minLength") kept = !value.is_string() || static_cast<double>(code_points(value.as_string())) >= limit;
        else if (keyword == "maxLength") kept = !value.is_string() || static_cast<double>(code_points(value.as_string())) <= limit;
        else if (keyword == "minItems") kept = !value.is_array() || static_cast<double>(value.size()) >= limit;
        else if (keyword == "maxItems") kept = !value.is_array() || static_cast<double>(value.size()) <= limit;
        else if (keyword == "minProperties") kept = !value.is_object() || static_cast<double>(value.size()) >= limit;
        else if (keyword == "maxProperties") kept = !value.is_object() || static_cast<double>(value.size()) <= limit;
        else throw std::logic_error("JSON Schema's \"" + keyword + "\" is not known here");
        if (!kept) fault(place, "breaks " + keyword + " " + argument.dump());
    }

    void type(const Json& argument, const Json& value, const std::string& place) {
        const Json::Array names = argument.is_array() ? argument.as_array() : Json::Array{argument};
        for (const Json& name : names)
            if (of_type(value, name.as_string())) return;
        fault(place, "is not of type " + argument.dump());
    }

    void one_of(const Json::Array& allowed, const Json& value, const std::string& place) {
        for (const Json& each : allowed)
            if (each == value) return;
        fault(place, value.dump() + " is not among " + Json(allowed).dump());
    }

    void alternatives(const Json& argument, const Json& value, const std::string& place, bool exactly_one) {
        std::size_t fitting = 0;
        for (const Json& each : argument.as_array()) {
            std::vector<std::string> faults;
            Validator(check_, faults).visit(each, value, place);
            fitting += faults.empty() ? 1 : 0;
        }
        if (fitting == 0 || (exactly_one && fitting != 1)) fault(place, "fits " + std::to_string(fitting) + " of the alternatives");
    }

    void closed(const Json& schema, const Json& value, const std::string& place) {
        const Json* additional = schema.find("additionalProperties");
        if (additional == nullptr) return;
        const Json* properties = schema.find("properties");
        for (const auto& [name, member] : value.as_object()) {
            if (properties != nullptr && properties->find(name) != nullptr) continue;
            if (additional->kind() != Json::Kind::boolean)
                visit(*additional, member, place + "/" + name);
            else if (!additional->as_bool())
                fault(place, "has \"" + name + "\", which is not described");
        }
    }

    void fault(const std::string& place, const std::string& what) { faults_.push_back((place.empty() ? "the value" : place) + " " + what); }

    const OpenApiCheck& check_;
    std::vector<std::string>& faults_;
};

} // namespace

const Json& OpenApiCheck::resolved(const Json& node) const {
    const Json* here = &node;
    for (int i = 0; i < 16; ++i) {
        const Json* reference = here->find("$ref");
        if (reference == nullptr) return *here;
        here = document_.at_pointer(reference->as_string().substr(1));
        if (here == nullptr) throw std::logic_error("the document has no " + reference->as_string());
    }
    throw std::logic_error("references go in a circle at " + node.dump());
}

const Json* OpenApiCheck::operation(std::string_view method, std::string_view path) const {
    const Json* paths = document_.find("paths");
    const Json* item = paths == nullptr ? nullptr : paths->find(path);
    return item == nullptr ? nullptr : item->find(ascii::lower(method));
}

std::vector<std::string> OpenApiCheck::value(const Json& schema, const Json& value) const {
    std::vector<std::string> faults;
    Validator(*this, faults).visit(schema, value, "");
    return faults;
}

std::vector<std::string> OpenApiCheck::answer(std::string_view method, std::string_view path, const http::Response& response) const {
    const Json* const described = operation(method == "HEAD" ? "GET" : method, path);
    if (described == nullptr) return {"the operation is not described"};
    const Json* const listed = described->find("responses")->find(std::to_string(response.status));
    if (listed == nullptr) return {"status " + std::to_string(response.status) + " is not listed"};
    const Json& answer = resolved(*listed);

    std::vector<std::string> faults;
    if (const Json* headers = answer.find("headers"))
        for (const auto& [name, header] : headers->as_object()) {
            const Json& described_header = resolved(header);
            const Json* required = described_header.find("required");
            const auto sent = response.headers.get(name);
            if (!sent && required != nullptr && required->as_bool()) faults.push_back("the header " + name + " is missing");
            const Json* fixed = described_header.find("schema")->find("const");
            if (sent && fixed != nullptr && *fixed != Json(*sent)) faults.push_back("the header " + name + " is " + std::string(*sent));
        }
    if (method == "HEAD") return faults;

    const Json* const content = answer.find("content");
    const std::string_view sent_type = media_type(response.headers.get("Content-Type").value_or(""));
    if (content == nullptr) {
        if (!response.body.empty()) faults.push_back("there is a body, and none is described");
        return faults;
    }
    const Json* media = content->find(sent_type);
    if (media == nullptr) media = content->find("*/*");
    if (media == nullptr) {
        faults.push_back("the media type \"" + std::string(sent_type) + "\" is not described");
        return faults;
    }
    const Json* const schema = media->find("schema");
    if (schema == nullptr) return faults;
    const auto body = Json::parse(response.body);
    if (!body) {
        faults.push_back("the body is " + body.why());
        return faults;
    }
    for (auto& fault : value(*schema, *body)) faults.push_back("body: " + std::move(fault));
    return faults;
}

} // namespace gravity::testkit
