#include <gravity/testkit/contract.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>

namespace gravity::testkit {
namespace {

using meta::Kind;
using meta::Type;

const Type& inner(const Type& type) { return type.kind == Kind::optional ? inner(type.optional->element()) : type; }

// Which way the values go decides who must take what.
enum class Way : unsigned char {
    read,
    send
};

class Comparison {
public:
    Comparison(const OpenApiCheck& producer, Way way) : producer_(producer), way_(way) {}

    void compare(const Json& raw, const Type& outer, const std::string& place, int depth = 0) {
        if (depth > 8) return; // a type that holds itself has been seen
        const Json schema = without_null(producer_.resolved(raw));
        const Type& type = inner(outer);
        if (type.kind == Kind::json || schema.size() == 0) return; // free-form on either side
        switch (type.kind) {
        case Kind::object: return object(schema, type, place, depth);
        case Kind::list:
            if (!is(schema, "array")) return wrong_kind(schema, place, "an array");
            return compare(*schema.find("items"), type.list->element(), place + "/*", depth + 1);
        case Kind::map: {
            if (!is(schema, "object")) return wrong_kind(schema, place, "an object");
            const Json* members = schema.find("additionalProperties");
            if (members != nullptr && members->is_object()) compare(*members, type.map->element(), place + "/*", depth + 1);
            return;
        }
        case Kind::text: return text(schema, type, place);
        case Kind::enumeration: return enumeration(schema, type, place);
        case Kind::integer: return integer(schema, type, place);
        case Kind::number:
            if (!is(schema, "number") && !(way_ == Way::read && is(schema, "integer"))) wrong_kind(schema, place, "a number");
            return;
        case Kind::boolean:
            if (!is(schema, "boolean")) wrong_kind(schema, place, "a boolean");
            return;
        default: return;
        }
    }

    std::vector<std::string> take() { return std::move(faults_); }

private:
    void fault(const std::string& place, const std::string& what) { faults_.push_back((place.empty() ? "the document" : place) + " " + what); }
    void wrong_kind(const Json& schema, const std::string& place, std::string_view ours) {
        const Json* theirs = schema.find("type");
        fault(place, "is " + std::string(ours) + " here and " + (theirs == nullptr ? schema.dump() : theirs->dump()) + " there");
    }

    // ["string", "null"] and {"anyOf": [X, {"type": "null"}]}: an optional's null.
    Json without_null(const Json& schema) const {
        Json bare = schema;
        if (Json* types = const_cast<Json*>(bare.find("type")); types != nullptr && types->is_array()) {
            for (const Json& name : Json::Array(types->as_array()))
                if (name != Json("null")) *types = name;
        }
        if (const Json* either = schema.find("anyOf"))
            for (const Json& each : either->as_array())
                if (const Json* type = each.find("type"); type == nullptr || *type != Json("null")) return producer_.resolved(each);
        return bare;
    }

    static bool is(const Json& schema, std::string_view name) {
        const Json* type = schema.find("type");
        return type != nullptr && *type == Json(name);
    }

    static bool names(const Json* list, std::string_view name) {
        return list != nullptr && std::find(list->as_array().begin(), list->as_array().end(), Json(name)) != list->as_array().end();
    }

    void object(const Json& schema, const Type& type, const std::string& place, int depth) {
        if (!is(schema, "object")) return wrong_kind(schema, place, "an object");
        const Json none = Json::object();
        const Json* const found = schema.find("properties");
        const Json& properties = found == nullptr ? none : *found;
        const auto fields = type.object->fields();
        const auto& required = meta::required_fields_cached(type);
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const std::string member = place + "/" + std::string(fields[i].name);
            const Json* theirs = properties.find(fields[i].name);
            if (theirs == nullptr) {
                fault(member, "is not described there");
                continue;
            }
            if (way_ == Way::read && required[i] && !names(schema.find("required"), fields[i].name)) fault(member, "is required here and may be absent there");
            if (way_ == Way::send && fields[i].type().kind == Kind::optional && names(schema.find("required"), fields[i].name))
                fault(member, "may be absent here and is required there");
            compare(*theirs, fields[i].type(), member, depth + 1);
        }
        if (way_ == Way::read || schema.find("required") == nullptr) return; // what we do not read may be there
        for (const Json& name : schema.find("required")->as_array())
            if (std::none_of(fields.begin(), fields.end(), [&](const meta::Field& field) { return Json(field.name) == name; }))
                fault(place + "/" + name.as_string(), "is required there and not sent");
    }

    void text(const Json& schema, const Type& type, const std::string& place) {
        if (!is(schema, "string")) return wrong_kind(schema, place, "a text");
        const Json* format = schema.find("format");
        const std::string theirs = format == nullptr ? "" : format->as_string();
        const std::string ours(type.format == "duration" || type.format == "byte" ? "" : type.format); // written by pattern and contentEncoding
        if (!ours.empty() && way_ == Way::read && ours != theirs) fault(place, "is of format \"" + ours + "\" here and \"" + theirs + "\" there");
        if (!theirs.empty() && way_ == Way::send && ours != theirs) fault(place, "is of format \"" + ours + "\" here and \"" + theirs + "\" there");
        bounds(schema, type.min, type.max, "minLength", "maxLength", place);
    }

    void integer(const Json& schema, const Type& type, const std::string& place) {
        if (!is(schema, "integer") && !(way_ == Way::send && is(schema, "number"))) return wrong_kind(schema, place, "an integer");
        const bool narrow = schema.find("format") != nullptr && *schema.find("format") == Json("int32");
        bounds(schema, type.min, type.max, "minimum", "maximum", place,
               narrow ? std::numeric_limits<std::int32_t>::min() : std::numeric_limits<std::int64_t>::min(),
               narrow ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int64_t>::max());
    }

    // Who reads must take all that the other may send.
    void bounds(const Json& schema, std::int64_t our_min, std::int64_t our_max, std::string_view least, std::string_view most, const std::string& place,
                std::int64_t no_min = 0, std::int64_t no_max = std::numeric_limits<std::int64_t>::max()) {
        const std::int64_t their_min = schema.find(least) == nullptr ? no_min : schema.find(least)->as_integer();
        const std::int64_t their_max = schema.find(most) == nullptr ? no_max : schema.find(most)->as_integer();
        if (least == "minLength") our_min = std::max<std::int64_t>(our_min, 0);
        const bool fits = way_ == Way::read ? our_min <= their_min && our_max >= their_max : our_min >= their_min && our_max <= their_max;
        if (!fits)
            fault(place, "is between " + std::to_string(our_min) + " and " + std::to_string(our_max) + " here and between " + std::to_string(their_min) +
                             " and " + std::to_string(their_max) + " there");
    }

    void enumeration(const Json& schema, const Type& type, const std::string& place) {
        const Json* theirs = schema.find("enum");
        if (theirs == nullptr) return wrong_kind(schema, place, "one of several names");
        if (way_ == Way::read) {
            for (const Json& name : theirs->as_array())
                if (std::find(type.names.begin(), type.names.end(), name.as_string()) == type.names.end())
                    fault(place, "may be " + name.dump() + " there, which is not known here");
        } else {
            for (const auto name : type.names)
                if (!names(theirs, name)) fault(place, "may be \"" + std::string(name) + "\" here, which is not known there");
        }
    }

    const OpenApiCheck& producer_;
    Way way_;
    std::vector<std::string> faults_;
};

const Json* media_schema(const Json* content, std::string_view first_type) {
    if (content == nullptr || content->size() == 0) return nullptr;
    const Json* media = content->find(first_type);
    if (media == nullptr) media = &content->as_object().begin()->second;
    return media->find("schema");
}

} // namespace

Contract Contract::from_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto document = Json::parse(text);
    if (!document) throw std::runtime_error(path + " is " + document.why());
    return Contract(*std::move(document));
}

std::vector<std::string> Contract::answer(std::string_view method, std::string_view path, const Type& consumer, int status) const {
    const Json* operation = producer_.operation(method, path);
    if (operation == nullptr) return {"the operation " + std::string(method) + " " + std::string(path) + " is not described there"};
    const Json* listed = operation->find("responses")->find(std::to_string(status));
    const Json* schema = listed == nullptr ? nullptr : media_schema(producer_.resolved(*listed).find("content"), "application/json");
    if (schema == nullptr) return {"there is no answer with a JSON body and status " + std::to_string(status)};
    Comparison comparison(producer_, Way::read);
    comparison.compare(*schema, consumer, "");
    return comparison.take();
}

std::vector<std::string> Contract::request(std::string_view method, std::string_view path, const Type& consumer) const {
    const Json* operation = producer_.operation(method, path);
    if (operation == nullptr) return {"the operation " + std::string(method) + " " + std::string(path) + " is not described there"};
    const Json* body = operation->find("requestBody");
    const Json* schema = body == nullptr ? nullptr : media_schema(body->find("content"), "application/json");
    if (schema == nullptr) return {"no JSON body is taken there"};
    Comparison comparison(producer_, Way::send);
    comparison.compare(*schema, consumer, "");
    return comparison.take();
}

} // namespace gravity::testkit
