#include "openapi/schemas.hpp"

#include "openapi/scalars.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/json/codec.hpp>

#include <stdexcept>

namespace gravity::openapi {

using meta::Kind;

namespace {

// True if a client must send less than it is answered: some member anywhere below has a default.
bool differs(const meta::Type& type, std::set<const void*>& seen) {
    switch (type.kind) {
    case Kind::object: {
        if (!seen.insert(type.object).second) return false;
        const auto& required = meta::required_fields_cached(type);
        const auto fields = type.object->fields();
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const meta::Type& member = fields[i].type();
            if ((member.kind != Kind::optional && !required[i]) || differs(member, seen)) return true;
        }
        return false;
    }
    case Kind::list: return differs(type.list->element(), seen);
    case Kind::map: return differs(type.map->element(), seen);
    case Kind::optional: return differs(type.optional->element(), seen);
    case Kind::variant:
        for (const auto& alternative : type.variant->alternatives())
            if (differs(alternative.type(), seen)) return true;
        return false;
    default: return false;
    }
}

Json nullable(Json schema) {
    if (schema.size() == 0) return schema; // anything, so null as well
    const Json* type = schema.find("type");
    if (type != nullptr && type->is_string()) {
        schema["type"] = Json::array({*type, "null"});
        return schema;
    }
    Json either;
    either["anyOf"] = Json::array({std::move(schema), Json::object({{"type", "null"}})});
    return either;
}

// The encoder does not count: what an answer holds was counted when it came in, if ever.
void count_bounds(Json& schema, const meta::Type& type, Form form, std::string_view least, std::string_view most) {
    if (form == Form::answer) return;
    if (type.min > 0) schema[least] = type.min;
    if (type.max < std::numeric_limits<std::int64_t>::max()) schema[most] = type.max;
}

// The elements of a list are replaced with it, never merged (RFC 7396 section 1).
Form element_form(Form form) { return form == Form::patch ? Form::input : form; }

} // namespace

std::string component_name(std::string_view type_name) {
    std::string outer;
    const auto open = type_name.find('<');
    if (open != std::string_view::npos) {
        auto arguments = type_name.substr(open + 1, type_name.rfind('>') - open - 1);
        for (int depth = 0; !arguments.empty();) { // each argument up to its comma
            std::size_t end = 0;
            for (; end < arguments.size() && (depth != 0 || arguments[end] != ','); ++end)
                depth += arguments[end] == '<' ? 1 : arguments[end] == '>' ? -1
                                                                           : 0;
            const auto argument = ascii::trim(arguments.substr(0, end));
            const auto colon = argument.rfind("::", argument.find('<'));
            outer += component_name(colon == std::string_view::npos ? argument : argument.substr(colon + 2));
            arguments.remove_prefix(std::min(end + 1, arguments.size()));
        }
    }
    for (const char c : type_name.substr(0, open))
        if (ascii::is_alnum(c)) outer += c;
    return outer.empty() ? "Object" : outer;
}

const void* default_of(const meta::Field& field, const void* prototype) {
    const meta::Type& type = field.type();
    const void* value = field.at_const(prototype);
    if (type.kind == Kind::optional) { // an empty one needs no word
        const bool empty = type.optional->get(value) == nullptr || type.optional->element().secret;
        return empty ? nullptr : value;
    }
    if (type.secret || type.kind == Kind::json || type.kind == Kind::object || type.kind == Kind::variant)
        return nullptr;
    if (type.is_set != nullptr && !type.is_set(value)) return nullptr;
    const bool may_lack = type.has_default || type.is_set != nullptr ||
                          ((type.kind == Kind::list || type.kind == Kind::map) && type.min <= 0);
    return may_lack ? value : nullptr;
}

Schemas::Key Schemas::key_of(const meta::Type& type, Form form, bool tagged) {
    if (type.kind == Kind::enumeration) return {type.integer, Form::answer, false};
    return {type.object, form, tagged};
}

void Schemas::use(const meta::Type& type, Form form, std::string_view tag) {
    switch (type.kind) {
    case Kind::object:
    case Kind::enumeration: {
        const Key key = key_of(type, form, !tag.empty());
        if (!index_.emplace(key, components_.size()).second) return;
        components_.push_back({key, &type, std::string(tag)});
        if (type.kind == Kind::enumeration) return;
        for (const meta::Field& field : type.object->fields()) use(field.type(), form, {});
        return;
    }
    case Kind::list: return use(type.list->element(), element_form(form), {});
    case Kind::map: return use(type.map->element(), form, {});
    case Kind::optional: return use(type.optional->element(), form, {});
    case Kind::variant:
        for (const auto& alternative : type.variant->alternatives()) use(alternative.type(), form, alternative.tag);
        return;
    default: return;
    }
}

std::string Schemas::unique(std::string name) {
    std::string candidate = name;
    for (int n = 2; !taken_.insert(candidate).second; ++n) candidate = name + std::to_string(n);
    return candidate;
}

void Schemas::assign_names() {
    const auto used = [this](const void* identity, Form form, bool tagged) {
        return index_.find({identity, form, tagged});
    };
    for (Component& component : components_) {
        const auto [identity, form, tagged] = component.key;
        std::string name = component_name(component.type->name);
        if (component.type->kind == Kind::enumeration) {
            component.name = unique(std::move(name));
            continue;
        }
        if (tagged &&
            (used(identity, Form::answer, false) != index_.end() || used(identity, Form::input, false) != index_.end()))
            name += "Alternative";
        const auto other = form == Form::patch
                               ? index_.end()
                               : used(identity, form == Form::answer ? Form::input : Form::answer, tagged);
        std::set<const void*> seen;
        if (other != index_.end() && !differs(*component.type, seen)) {
            Component& twin = components_[other->second];
            component.shared = true;
            component.name = twin.name.empty() ? unique(std::move(name)) : twin.name;
            continue;
        }
        if (form == Form::patch) name += "Patch";
        if (form == Form::input && other != index_.end()) name += "Input";
        component.name = unique(std::move(name));
    }
}

const Schemas::Component& Schemas::component(const meta::Type& type, Form form, bool tagged) const {
    const auto found = index_.find(key_of(type, form, tagged));
    if (found == index_.end()) throw std::logic_error("the schema of " + std::string(type.name) + " was not announced");
    return components_[found->second];
}

Json Schemas::reference(const meta::Type& type, Form form, bool tagged) const {
    return Json::object({{"$ref", "#/components/schemas/" + component(type, form, tagged).name}});
}

Json Schemas::of(const meta::Type& type, Form form) const {
    switch (type.kind) {
    case Kind::enumeration:
    case Kind::object: return reference(type, form, false);
    case Kind::variant: return variant(type, form);
    case Kind::optional: return nullable(of(type.optional->element(), form));
    case Kind::list: {
        Json schema = Json::object({{"type", "array"}, {"items", of(type.list->element(), element_form(form))}});
        count_bounds(schema, type, form, "minItems", "maxItems");
        return schema;
    }
    case Kind::map: {
        Json element = of(type.map->element(), form);
        if (form == Form::patch) element = nullable(std::move(element)); // null takes the member out
        Json schema = Json::object({{"type", "object"}, {"additionalProperties", std::move(element)}});
        count_bounds(schema, type, form, "minProperties", "maxProperties");
        return schema;
    }
    default: return scalar_schema(type);
    }
}

Json Schemas::member(const meta::Field& field, Form form) const {
    const meta::Type& type = field.type();
    const bool left_out = form == Form::answer && type.kind == Kind::optional; // an answer never has null for it
    Json schema = of(left_out ? type.optional->element() : type, form);
    if (!field.doc.empty()) schema["description"] = field.doc;
    return schema;
}

Json Schemas::variant(const meta::Type& type, Form form) const {
    Json choices;
    Json mapping;
    for (const auto& alternative : type.variant->alternatives()) {
        Json choice = reference(alternative.type(), form, true);
        mapping[alternative.tag] = *choice.find("$ref");
        choices.push_back(std::move(choice));
    }
    Json schema;
    // A patch of the alternative that is there may leave out "type", and then fits more than one.
    if (form == Form::patch) {
        schema["anyOf"] = std::move(choices);
        return schema;
    }
    schema["oneOf"] = std::move(choices);
    schema["discriminator"] = Json::object({{"propertyName", "type"}, {"mapping", std::move(mapping)}});
    return schema;
}

Json Schemas::object(const Component& component) const {
    const meta::Type& type = *component.type;
    // Shared, it is written as for a request, whose word is the stricter one; see assign_names.
    const Form form = component.shared ? Form::input : component.key.form;
    const auto fields = type.object->fields();
    const auto& required_in = meta::required_fields_cached(type);
    const auto prototype = type.make();

    Json schema = Json::object({{"type", "object"}});
    if (!type.doc.empty()) schema["description"] = type.doc;
    Json properties = Json::object();
    Json required = Json::array();
    if (!component.tag.empty()) {
        properties["type"] = Json::object({{"type", "string"}, {"const", component.tag}});
        if (form != Form::patch) required.push_back("type");
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
        Json property = member(fields[i], form);
        if (form == Form::input)
            if (const void* value = default_of(fields[i], prototype.get()))
                property["default"] = json::to_document(meta::Ref{&fields[i].type(), value});
        properties[fields[i].name] = std::move(property);
        const bool always =
            form == Form::answer ? fields[i].type().kind != Kind::optional : form == Form::input && required_in[i];
        if (always) required.push_back(fields[i].name);
    }
    schema["properties"] = std::move(properties);
    if (required.size() != 0) schema["required"] = std::move(required);
    if (form != Form::answer) schema["additionalProperties"] = false;
    return schema;
}

Json Schemas::components() const {
    Json all = Json::object();
    for (const Component& component : components_) {
        if (all.find(component.name) != nullptr) continue; // the twin of a shared one
        all[component.name] =
            component.type->kind == Kind::enumeration ? scalar_schema(*component.type) : object(component);
    }
    return all;
}

} // namespace gravity::openapi
