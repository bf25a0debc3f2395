#include "scim_schema.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::user::scim {
namespace {

Attribute text(std::string_view name, std::string_view description, std::vector<std::string_view> canonical = {}) {
    return {.name = name, .description = description, .canonical = std::move(canonical)};
}
Attribute reference(std::string_view name, std::string_view description, std::vector<std::string_view> to) {
    return {.name = name, .kind = Kind::reference, .description = description, .case_exact = true, .references = std::move(to)};
}
Attribute boolean(std::string_view name, std::string_view description) { return {.name = name, .kind = Kind::boolean, .description = description}; }
Attribute complex(std::string_view name, std::string_view description, std::vector<Attribute> sub) {
    return {.name = name, .kind = Kind::complex, .description = description, .sub = std::move(sub)};
}
Attribute list(std::string_view name, std::string_view description, std::vector<Attribute> sub) {
    Attribute made = complex(name, description, std::move(sub));
    made.multi = true;
    return made;
}
Attribute with(Mutability mutability, Attribute attribute) {
    attribute.mutability = mutability;
    for (Attribute& one : attribute.sub) one.mutability = mutability;
    return attribute;
}
Attribute exact(Attribute attribute) {
    attribute.case_exact = true;
    return attribute;
}
Attribute required(Attribute attribute) {
    attribute.required = true;
    return attribute;
}
Attribute unique(Attribute attribute) {
    attribute.uniqueness = Uniqueness::server;
    return attribute;
}
Attribute primary() { return boolean("primary", "Whether it is the one to use first; true of one at most"); }

Attribute name() {
    return complex("name", "The parts of the name",
                   {text("formatted", "The whole name"), text("familyName", "Family name"), text("givenName", "Given name"),
                    text("middleName", "Middle names"), text("honorificPrefix", "What stands before the name"),
                    text("honorificSuffix", "What stands behind the name")});
}
Attribute emails() {
    return list("emails", "E-mail addresses",
                {text("value", "E-mail address"), text("type", "What it is for", {"work", "home", "other"}), primary()});
}
Attribute phone_numbers() {
    return list("phoneNumbers", "Phone numbers",
                {text("value", "Phone number"), text("type", "What it is for", {"work", "home", "mobile", "fax", "pager", "other"}), primary()});
}
Attribute addresses() {
    return list("addresses", "Postal addresses",
                {text("formatted", "The whole address"), text("streetAddress", "Street and number"), text("locality", "City"),
                 text("region", "State or region"), text("postalCode", "Postal code"), text("country", "Country"),
                 text("type", "What it is for", {"work", "home", "other"}), primary()});
}
Attribute groups() {
    return list("groups", "Groups the user is a member of, directly",
                {exact(text("value", "Id of the group")), reference("$ref", "URI of the group", {"Group"}), text("display", "Name of the group")});
}
Attribute members() {
    Attribute made = list("members", "Users and groups that belong to it",
                          {exact(text("value", "Id of the member")), reference("$ref", "URI of the member", {"User", "Group"}),
                           text("type", "User or Group", {"User", "Group"})});
    made = with(Mutability::immutable, std::move(made));
    made.mutability = Mutability::read_write;
    return made;
}

Schema make_user() {
    Schema schema{user_urn, "User", "User Account", {}};
    auto& all = schema.attributes;
    all.push_back(unique(required(text("userName", "The handle: no two users have one that looks like another's"))));
    all.push_back(name());
    all.push_back(text("displayName", "The name to be shown"));
    all.push_back(text("nickName", "Nick name"));
    all.push_back(reference("profileUrl", "A page about the user", {"external"}));
    all.push_back(text("title", "Title, such as \"Vice President\""));
    all.push_back(text("userType", "What the organisation calls the relation"));
    all.push_back(text("preferredLanguage", "Preferred languages, as Accept-Language has them"));
    all.push_back(text("locale", "Language tag (BCP 47)", {"en-US", "de-DE", "fr-FR"}));
    all.push_back(text("timezone", "Time zone (IANA)", {"Europe/Berlin", "America/New_York", "UTC"}));
    all.push_back(boolean("active", "Whether the account may be used"));
    all.push_back(emails());
    all.push_back(phone_numbers());
    all.push_back(addresses());
    all.push_back(with(Mutability::read_only, groups()));
    return schema;
}

Schema make_enterprise() {
    Schema schema{enterprise_urn, "EnterpriseUser", "Enterprise User", {}};
    schema.attributes.push_back(text("employeeNumber", "Number of the employee"));
    schema.attributes.push_back(text("costCenter", "Cost centre"));
    schema.attributes.push_back(text("organization", "Organisation"));
    schema.attributes.push_back(text("division", "Division"));
    schema.attributes.push_back(text("department", "Department"));
    schema.attributes.push_back(complex("manager", "The user's manager",
                                        {exact(text("value", "Id of the manager")), reference("$ref", "URI of the manager", {"User"})}));
    return schema;
}

Schema make_group() { return {group_urn, "Group", "Group", {required(text("displayName", "Name of the group")), members()}}; }

const Attribute* find_in(const std::vector<Attribute>& attributes, std::string_view name) {
    for (const Attribute& one : attributes)
        if (ascii::iequals(one.name, name)) return &one;
    return nullptr;
}

std::string_view word(Kind kind) {
    switch (kind) {
    case Kind::string: return "string";
    case Kind::boolean: return "boolean";
    case Kind::date_time: return "dateTime";
    case Kind::reference: return "reference";
    case Kind::complex: break;
    }
    return "complex";
}
std::string_view word(Mutability mutability) {
    return mutability == Mutability::read_write ? "readWrite" : mutability == Mutability::read_only ? "readOnly"
                                                                                                    : "immutable";
}

Json texts(const std::vector<std::string_view>& list) {
    Json out = Json::array();
    for (const auto one : list) out.push_back(one);
    return out;
}

Json attribute_document(const Attribute& a) {
    Json out = Json::object({{"name", a.name},
                             {"type", word(a.kind)},
                             {"multiValued", a.multi},
                             {"description", a.description},
                             {"required", a.required},
                             {"mutability", word(a.mutability)},
                             {"returned", a.returned == Returned::always ? "always" : "default"}});
    if (a.kind == Kind::string || a.kind == Kind::reference || a.kind == Kind::date_time) {
        out["caseExact"] = a.case_exact;
        out["uniqueness"] = a.uniqueness == Uniqueness::server ? "server" : "none";
    }
    if (!a.canonical.empty()) out["canonicalValues"] = texts(a.canonical);
    if (!a.references.empty()) out["referenceTypes"] = texts(a.references);
    if (!a.sub.empty()) {
        Json sub = Json::array();
        for (const Attribute& one : a.sub) sub.push_back(attribute_document(one));
        out["subAttributes"] = std::move(sub);
    }
    return out;
}

std::vector<Attribute> make_common() {
    Attribute urns = list("schemas", "", {}), id = with(Mutability::read_only, exact(text("id", "")));
    urns.kind = Kind::reference;
    urns.returned = id.returned = Returned::always;
    std::vector<Attribute> parts = {exact(text("resourceType", "")), text("created", ""), text("lastModified", ""), reference("location", "", {}),
                                    exact(text("version", ""))};
    parts[1].kind = parts[2].kind = Kind::date_time;
    return {std::move(urns), std::move(id), exact(text("externalId", "")), with(Mutability::read_only, complex("meta", "", std::move(parts)))};
}

const Schema& core_user() {
    static const Schema schema = make_user();
    return schema;
}
const Schema& enterprise_user() {
    static const Schema schema = make_enterprise();
    return schema;
}
const Schema& core_group() {
    static const Schema schema = make_group();
    return schema;
}

} // namespace

const Attribute* Attribute::find(std::string_view wanted) const { return find_in(sub, wanted); }

const ResourceType& user_type() {
    static const ResourceType type{"User", "/Users", &core_user(), &enterprise_user()};
    return type;
}
const ResourceType& group_type() {
    static const ResourceType type{"Group", "/Groups", &core_group(), nullptr};
    return type;
}
const std::vector<const Schema*>& schemas() {
    static const std::vector<const Schema*> all = {&core_user(), &enterprise_user(), &core_group()};
    return all;
}
const std::vector<Attribute>& common_attributes() {
    static const std::vector<Attribute> all = make_common();
    return all;
}

std::optional<Place> resolve(const ResourceType& type, const AttrPath& path) {
    const Schema* schema = type.core;
    if (!path.urn.empty()) {
        if (type.extension != nullptr && path.sub.empty() && ascii::iequals(path.urn + ":" + path.name, type.extension->urn)) return Place{type.extension};
        if (type.extension != nullptr && ascii::iequals(path.urn, type.extension->urn))
            schema = type.extension;
        else if (!ascii::iequals(path.urn, type.core->urn))
            return std::nullopt;
    }
    const Attribute* attribute = find_in(schema->attributes, path.name);
    if (attribute == nullptr && schema == type.core) attribute = find_in(common_attributes(), path.name);
    if (attribute == nullptr) return std::nullopt;
    Place place{schema, attribute, nullptr};
    if (!path.sub.empty() && (place.sub = attribute->find(path.sub)) == nullptr) return std::nullopt;
    return place;
}

Json schema_document(const Schema& schema, const std::string& base) {
    Json attributes = Json::array();
    for (const Attribute& one : schema.attributes) attributes.push_back(attribute_document(one));
    return Json::object({{"schemas", Json::array({"urn:ietf:params:scim:schemas:core:2.0:Schema"})},
                         {"id", schema.urn},
                         {"name", schema.name},
                         {"description", schema.description},
                         {"attributes", std::move(attributes)},
                         {"meta", Json::object({{"resourceType", "Schema"}, {"location", base + "/Schemas/" + std::string(schema.urn)}})}});
}

Json type_document(const ResourceType& type, const std::string& base) {
    Json out = Json::object({{"schemas", Json::array({"urn:ietf:params:scim:schemas:core:2.0:ResourceType"})},
                             {"id", type.name},
                             {"name", type.name},
                             {"description", type.core->description},
                             {"endpoint", type.endpoint},
                             {"schema", type.core->urn},
                             {"meta", Json::object({{"resourceType", "ResourceType"}, {"location", base + "/ResourceTypes/" + std::string(type.name)}})}});
    if (type.extension != nullptr)
        out["schemaExtensions"] = Json::array({Json::object({{"schema", type.extension->urn}, {"required", false}})});
    return out;
}

} // namespace gravity::user::scim
