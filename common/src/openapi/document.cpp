#include "openapi/answers.hpp"
#include "openapi/schemas.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/http/deep_object.hpp>
#include <gravity/openapi/document.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::openapi {

using http::Method;
using http::ParameterDoc;
using http::Route;
using meta::Kind;

namespace {

struct PathParameter {
    std::string name;
    bool rest; // `{name...}`
};

std::vector<PathParameter> template_parameters(const Route& route) {
    std::vector<PathParameter> found;
    for (const auto segment : ascii::split(route.path, '/')) {
        const auto open = segment.find('{'); // "{name}", or with text around it: "sitemap-{part}.xml"
        if (open == std::string_view::npos) continue;
        auto name = segment.substr(open + 1, segment.find('}') - open - 1);
        const bool rest = name.ends_with("...");
        if (rest) name.remove_suffix(3);
        found.push_back({std::string(name), rest});
    }
    return found;
}

std::string openapi_path(const Route& route) {
    std::string path = route.path;
    if (const auto rest = path.find("...}"); rest != std::string::npos) path.erase(rest, 3);
    return path;
}

const meta::Type& without_optional(const meta::Type& type) {
    return type.kind == Kind::optional ? type.optional->element() : type;
}

bool is_scalar(const meta::Type& type) {
    return type.kind == Kind::boolean || type.kind == Kind::integer || type.kind == Kind::number ||
           type.kind == Kind::text || type.kind == Kind::enumeration;
}

[[noreturn]] void refuse(const Route& route, const std::string& why) {
    throw std::logic_error(std::string(to_string(route.method)) + " " + route.path + ": " + why);
}

Json parameter_ref(std::string_view name) {
    return Json::object({{"$ref", "#/components/parameters/" + std::string(name)}});
}

// Told once, not as a parameter of every operation: it changes no operation's meaning, and whoever allows four milliseconds is
// answered 504 by a service in the best of health.
constexpr std::string_view of_every_request =
    "Any request may carry `X-Request-Timeout-Ms`, how long its caller will wait, in milliseconds from 1; it can only shorten the "
    "route's own limit. When the time has run out the answer is 504.";

/// One document in the making.
class Writer {
public:
    explicit Writer(const Router& router) : routes_(router.routes()) {
        for (const Route& route : routes_) announce(route);
        schemas_.assign_names();
    }

    Json write(const Info& info) {
        Json document;
        document["openapi"] = "3.1.0";
        Json& about = document["info"];
        about["title"] = info.title;
        about["version"] = info.version;
        about["description"] = info.description + (info.description.empty() ? "" : "\n\n") + std::string(of_every_request);
        about["license"] = Json::object({{"name", info.licence}, {"identifier", info.licence}});
        document["servers"] = Json::array({Json::object({{"url", "/"}})});
        Json& paths = document["paths"] = Json::object();
        for (const Route& route : routes_)
            paths[openapi_path(route)][ascii::lower(to_string(route.method))] = operation(route);
        document["tags"] = tags();
        document["components"] = components();
        return document;
    }

private:
    void announce(const Route& route) {
        for (const ParameterDoc& parameter : route.parameters) {
            if (parameter.in == "query" && parameter.name.empty()) {
                for (const meta::Field& field : parameter.type->object->fields())
                    schemas_.use(query_type(route, field), Form::input);
            } else {
                if (!is_scalar(without_optional(*parameter.type)))
                    refuse(route, "the parameter " + std::string(parameter.name) + " has no text form");
                schemas_.use(*parameter.type, Form::input);
            }
        }
        for (const auto& body : route.bodies)
            if (body.type != nullptr) schemas_.use(*body.type, body.merge_patch ? Form::patch : Form::input);
        if (route.answer.type != nullptr) schemas_.use(*route.answer.type, Form::answer);
    }

    // What a query field holds; refuses what Input::read_query could not read.
    static const meta::Type& query_type(const Route& route, const meta::Field& field) {
        const meta::Type& type = without_optional(field.type());
        const bool list = field.type().kind == Kind::list;
        const bool map = field.type().kind == Kind::map;
        const meta::Type& item = list ? type.list->element() : map ? type.map->element()
                                                                   : type;
        if (!is_scalar(without_optional(item)))
            refuse(route, "the query field " + std::string(field.name) + " has no text form");
        return type;
    }

    Json operation(const Route& route) {
        Json op;
        if (!route.tag.empty()) op["tags"] = Json::array({route.tag});
        op["operationId"] = route.operation_id;
        if (!route.options.summary.empty()) op["summary"] = route.options.summary;
        std::string words(route.options.description);
        Json parameters = Json::array();
        path_parameters(route, parameters);
        for (const ParameterDoc& parameter : route.parameters) {
            if (parameter.in == "query" && parameter.name.empty())
                query_parameters(parameter, parameters, op, words);
            else if (parameter.in == "query" || !is_shared(route, parameter))
                if (parameter.in != "path") parameters.push_back(single(parameter, parameter.in));
        }
        shared_parameters(route, parameters);
        op["parameters"] = std::move(parameters);
        if (!route.bodies.empty()) op["requestBody"] = request_body(route);
        op["responses"] = responses(route);
        if (!route.live_options.subprotocols.empty()) {
            Json& known = op["x-gravity-subprotocols"] = Json::array();
            for (const auto name : route.live_options.subprotocols) known.push_back(name);
        }
        security(route, op, words);
        if (!words.empty()) op["description"] = words;
        return op;
    }

    // Every `{name}` of the template has an entry, also one that the handler does not look at.
    void path_parameters(const Route& route, Json& parameters) {
        const auto in_template = template_parameters(route);
        for (const PathParameter& wanted : in_template) {
            const auto found =
                std::find_if(route.parameters.begin(), route.parameters.end(),
                             [&](const ParameterDoc& p) { return p.in == "path" && p.name == wanted.name; });
            Json parameter = found != route.parameters.end()
                                 ? single(*found, "path")
                                 : Json::object({{"name", wanted.name}, {"in", "path"}, {"schema", text_schema()}});
            parameter["required"] = true;
            Json& schema = parameter["schema"];
            const Json* type = schema.find("type");
            const bool text = type != nullptr && *type == Json("string");
            if (!wanted.rest && text && schema.find("minLength") == nullptr)
                schema["minLength"] = 1; // "//" is another path
            if (wanted.rest) parameter["description"] = "The rest of the path; may hold slashes";
            parameters.push_back(std::move(parameter));
        }
    }

    Json single(const ParameterDoc& parameter, std::string_view in) {
        Json object = Json::object({{"name", parameter.name},
                                    {"in", in},
                                    {"schema", schemas_.of(without_optional(*parameter.type), Form::input)}});
        if (parameter.required) object["required"] = true;
        if (!parameter.description.empty()) object["description"] = parameter.description;
        return object;
    }

    void query_parameters(const ParameterDoc& whole, Json& parameters, Json& op, std::string& words) {
        const auto fields = whole.type->object->fields();
        const auto& required = meta::required_fields_cached(*whole.type);
        const auto prototype = whole.type->make();
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const meta::Field& field = fields[i];
            const meta::Type& type = without_optional(field.type());
            const bool deep = deep_object::is_one(type);
            if (type.kind == Kind::map && !deep) {
                query_map(field, type, op, words);
                continue;
            }
            Json parameter = Json::object({{"name", field.name}, {"in", "query"}});
            std::string description(field.doc);
            Json schema = schemas_.of(type, Form::input);
            if (const void* value = default_of(field, prototype.get())) {
                Json fallback = json::to_document(meta::Ref{&field.type(), value});
                if ((type.kind != Kind::list && !deep) || fallback.size() != 0) schema["default"] = std::move(fallback);
            }
            if (type.kind == Kind::list) {
                parameter["style"] = "form";
                parameter["explode"] = true;
                description += std::string(description.empty() ? "" : ". ") +
                               "May be repeated, or have several values with commas between them";
            }
            if (deep) {
                parameter["style"] = deep_object::style;
                parameter["explode"] = true;
                const auto longest = static_cast<std::int64_t>(deep_object::longest_name);
                schema["propertyNames"] = Json::object({{"minLength", 1}, {"maxLength", longest}, {"pattern", "^[^\\[\\]]+$"}});
            }
            parameter["schema"] = std::move(schema);
            if (required[i]) parameter["required"] = true;
            if (!description.empty()) parameter["description"] = description;
            parameters.push_back(std::move(parameter));
        }
    }

    // OpenAPI 3.1 has no style for "attr.color=red": told in words, and to programs by an extension.
    void query_map(const meta::Field& field, const meta::Type& type, Json& op, std::string& words) {
        const std::string name = std::string(field.name) + ".*";
        if (!words.empty()) words += "\n\n";
        words += "Query parameters `" + name +
                 "`: " + (field.doc.empty() ? "any name may stand after the dot" : std::string(field.doc)) + ".";
        Json entry = Json::object(
            {{"name", name}, {"schema", schemas_.of(type.map->element(), Form::input)}, {"maxCount", type.max}});
        op["x-gravity-query-maps"].push_back(std::move(entry));
    }

    static bool is_shared(const Route&, const ParameterDoc& parameter) {
        return parameter.in == "header" &&
               (ascii::iequals(parameter.name, "If-Match") || ascii::iequals(parameter.name, "If-None-Match") ||
                ascii::iequals(parameter.name, "Idempotency-Key") ||
                ascii::iequals(parameter.name, "X-Request-Timeout-Ms"));
    }

    void shared_parameters(const Route& route, Json& parameters) {
        const auto declared = [&](std::string_view name) {
            return std::any_of(route.parameters.begin(), route.parameters.end(),
                               [&](const ParameterDoc& p) { return p.in == "header" && ascii::iequals(p.name, name); });
        };
        if (declared("If-Match")) parameters.push_back(parameter_ref("IfMatch"));
        if (declared("If-None-Match") || answers_not_modified(route))
            parameters.push_back(parameter_ref("IfNoneMatch"));
        if (declared("Idempotency-Key") || route.honours_idempotency_key())
            parameters.push_back(parameter_ref("IdempotencyKey"));
    }

    Json request_body(const Route& route) {
        Json content;
        for (const auto& body : route.bodies) {
            Json media = Json::object();
            if (body.content_type == "multipart/form-data") media["schema"] = Json::object({{"type", "object"}});
            if (body.type != nullptr)
                media["schema"] = schemas_.of(*body.type, body.merge_patch ? Form::patch : Form::input);
            content[body.content_type] = std::move(media);
        }
        return Json::object({{"required", true},
                             {"description", "At most " + std::to_string(route.options.body_limit) + " bytes"},
                             {"content", std::move(content)}});
    }

    Json responses(const Route& route) {
        Json all;
        add_refusals(route, all, refusals_);
        Json content;
        if (!route.answer.content_type.empty()) {
            Json media = Json::object();
            if (route.answer.type != nullptr) media["schema"] = schemas_.of(*route.answer.type, Form::answer);
            content[route.answer.content_type] = std::move(media);
        }
        all[std::to_string(route.answer.status)] = success_response(route, std::move(content));
        if (answers_not_modified(route)) all["304"] = not_modified_response();
        return all;
    }

    // What a caller may prove who it is with: one of these.
    static void schemes(const Route& route, Json& list, const Json& scopes) {
        list.push_back(Json::object({{"bearer", scopes}}));
        if (route.options.keys == AcceptKeys::no) return;
        for (const auto scheme : {"accessKey", "accessKeyQuery", "basic"}) list.push_back(Json::object({{scheme, scopes}}));
    }

    static void security(const Route& route, Json& op, std::string& words) {
        if (!words.empty()) words += "\n\n";
        if (route.options.keys == AcceptKeys::publishable) words += "A publishable access key will do. ";
        if (route.scope.empty()) {
            // A token that is sent all the same is verified, and may widen what is shown.
            Json list = Json::array({Json::object()});
            schemes(route, list, Json::array());
            op["security"] = std::move(list);
            words += "No credentials needed: " + std::string(route.options.open) + ".";
            return;
        }
        Json list = Json::array();
        schemes(route, list, Json::array({route.scope}));
        op["security"] = std::move(list);
        op["x-gravity-scope"] = route.scope;
        words += "Scope: `" + route.scope + "`.";
    }

    Json tags() const {
        Json list = Json::array();
        std::set<std::string_view> seen;
        for (const Route& route : routes_)
            if (!route.tag.empty() && seen.insert(route.tag).second)
                list.push_back(Json::object({{"name", route.tag}}));
        return list;
    }

    Json components() const {
        Json components;
        components["schemas"] = schemas_.components();
        components["schemas"]["Problem"] = problem_schema();
        components["responses"] = refusal_components(refusals_);
        Json& parameters = components["parameters"];
        const auto header = [&](std::string_view key, std::string_view name, std::string_view description,
                                Json schema) {
            parameters[key] = Json::object(
                {{"name", name}, {"in", "header"}, {"description", description}, {"schema", std::move(schema)}});
        };
        header(
            "IfMatch", "If-Match",
            "ETag of the version the change is meant for; another one is answered 412. Without it any version will do",
            text_schema());
        header("IfNoneMatch", "If-None-Match",
               "ETag of the version at hand; if it is the present one, a read is answered 304 and a change 412", text_schema());
        header("IdempotencyKey", "Idempotency-Key",
               "Makes a repeat harmless: the same key and request are answered as the first time, another request with "
               "the key 422",
               Json::object({{"type", "string"}, {"minLength", 1}, {"maxLength", 255}}));
        components["securitySchemes"]["bearer"] =
            Json::object({{"type", "http"},
                          {"scheme", "bearer"},
                          {"bearerFormat", "JWT"},
                          {"description", "A JWT of the platform's auth service or another OpenID provider, with the "
                                          "scope that the operation names. "
                                          "`<collection>:admin` includes `:write`, and that `:read`."}});
        if (std::any_of(routes_.begin(), routes_.end(), [](const Route& r) { return r.options.keys != AcceptKeys::no; })) {
            Json& all = components["securitySchemes"];
            const auto words = "An access key of the service, for clients that cannot send a JWT";
            all["accessKey"] = Json::object({{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}, {"description", words}});
            all["accessKeyQuery"] = Json::object({{"type", "apiKey"}, {"in", "query"}, {"name", "key"}, {"description", words}});
            all["basic"] = Json::object({{"type", "http"}, {"scheme", "basic"}, {"description", "An access key as the password"}});
        }
        return components;
    }

    const std::vector<Route>& routes_;
    Schemas schemas_{{"Problem"}};
    std::set<int> refusals_;
};

} // namespace

Json document(const Router& router, const Info& info) { return Writer(router).write(info); }

} // namespace gravity::openapi
