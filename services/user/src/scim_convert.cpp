#include "scim_convert.hpp"

#include "scim_error.hpp"
#include "users_domain.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/output.hpp>
#include <gravity/json/codec.hpp>
#include <gravity/meta/errors.hpp>

#include <algorithm>

namespace gravity::user::scim {
namespace {

// How members are called there and here.
struct Names {
    std::string_view scim, ours;
};
constexpr Names name_parts[] = {
    {"formatted", "formatted"}, {"familyName", "family_name"}, {"givenName", "given_name"}, //
    {"middleName", "middle_name"},
    {"honorificPrefix", "honorific_prefix"},
    {"honorificSuffix", "honorific_suffix"}, //
};
constexpr Names profile_parts[] = {
    {"displayName", "display_name"}, {"nickName", "nick_name"}, {"profileUrl", "profile_url"}, //
    {"title", "title"},
    {"userType", "user_type"},
    {"preferredLanguage", "preferred_language"}, //
};
constexpr Names address_parts[] = {
    {"formatted", "formatted"}, {"streetAddress", "street_address"}, {"locality", "locality"}, //
    {"region", "region"},
    {"postalCode", "postal_code"},
    {"country", "country"}, //
    {"type", "type"},
    {"primary", "primary"}, //
};
constexpr Names employment_parts[] = {
    {"employeeNumber", "employee_number"}, {"costCenter", "cost_center"}, {"organization", "organization"}, //
    {"division", "division"},
    {"department", "department"}, //
};
constexpr Names email_parts[] = {{"value", "address"}, {"type", "type"}, {"primary", "primary"}};
constexpr Names phone_parts[] = {{"value", "number"}, {"type", "type"}, {"primary", "primary"}};
constexpr Names user_parts[] = {{"userName", "handle"}, {"locale", "locale"}, {"timezone", "time_zone"}, {"externalId", "external_id"}};

template <std::size_t N>
void to_scim(const Json* ours, const Names (&names)[N], Json& out) {
    if (ours == nullptr || !ours->is_object()) return;
    for (const auto& [scim, mine] : names)
        if (const Json* const value = ours->find(mine); value != nullptr && !value->is_null()) out[scim] = *value;
}
template <std::size_t N>
void to_ours(const Json* scim, const Names (&names)[N], Json& out) {
    if (scim == nullptr) return;
    for (const auto& [theirs, mine] : names)
        if (const Json* const value = scim->find(theirs)) out[mine] = *value;
}
void put(Json& out, std::string_view name, Json value) {
    if (value.size() > 0) out[name] = std::move(value);
}
template <std::size_t N>
Json list_to_scim(const Json* ours, const Names (&names)[N]) {
    Json list = Json::array();
    if (ours != nullptr && ours->is_array())
        for (const Json& one : ours->as_array()) {
            Json item = Json::object();
            to_scim(&one, names, item);
            list.push_back(std::move(item));
        }
    return list;
}
template <std::size_t N>
Json list_to_ours(const Json* scim, const Names (&names)[N]) {
    Json list = Json::array();
    if (scim != nullptr)
        for (const Json& one : scim->as_array()) {
            Json item = Json::object();
            to_ours(&one, names, item);
            list.push_back(std::move(item));
        }
    return list;
}

// Whoever is no user here has no address.
Json manager_of(const User& user, const std::string& base) {
    Json out = Json::object();
    if (!user.profile || !user.profile->employment || !user.profile->employment->manager) return out;
    const std::string id = user.profile->employment->manager->str();
    out["value"] = id;
    if (Uuid::parse(id)) out["$ref"] = base + "/Users/" + id;
    return out;
}

template <class T>
Json meta_of(const T& row, std::string_view type, const std::string& location, const std::string& version) {
    return Json::object({{"resourceType", type},
                         {"created", row.created_at.to_string()},
                         {"lastModified", row.updated_at.to_string()},
                         {"location", location},
                         {"version", version}});
}

template <class T>
T decoded(const Json& document) {
    T value{};
    meta::Errors errors;
    json::decode(document, meta::mutable_ref(value), errors);
    if (!errors.empty()) throw invalid_value(errors.to_string());
    return value;
}

// That an address was verified is not SCIM's to say: it stays so.
void keep_verified(UserEdit& user, const UserEdit& before) {
    for (auto& email : user.emails)
        email.verified = std::any_of(before.emails.begin(), before.emails.end(), [&](const EmailEntry& old) {
            return bool(old.verified) && canonical_email(old.address) == canonical_email(email.address);
        });
    for (auto& phone : user.phones)
        phone.verified = std::any_of(before.phones.begin(), before.phones.end(), [&](const PhoneEntry& old) {
            return bool(old.verified) && e164(old.number.view()) == e164(phone.number.view());
        });
}

} // namespace

std::string version_of(const User& user, const std::vector<GroupOfUser>& groups) {
    const std::string written = std::to_string(user.version.value());
    if (groups.empty()) return '"' + written + '"';
    std::string shown;
    for (const auto& group : groups) shown += group.id.to_string() + ' ' + group.display + '\n';
    constexpr std::size_t mark_bytes = 8;
    return '"' + written + '.' + hex_encode(sha256(shown).substr(0, mark_bytes)) + '"';
}

std::string written_versions(std::string field) {
    for (auto dot = field.find('.'); dot != std::string::npos; dot = field.find('.', dot)) {
        const auto end = field.find('"', dot);
        field.erase(dot, end == std::string::npos ? end : end - dot);
    }
    return field;
}

Json to_resource(const User& user, const std::vector<GroupOfUser>& groups, const std::string& base) {
    const Json ours = json::to_document(static_cast<const UserEdit&>(user));
    const Json* const profile = ours.find("profile");
    const auto of_profile = [&](std::string_view name) { return profile != nullptr && profile->is_object() ? profile->find(name) : nullptr; };
    Json out = Json::object({{"id", user.id.to_string()}, {"active", user.state == UserState::active}});
    to_scim(&ours, user_parts, out);
    to_scim(profile, profile_parts, out);
    Json name = Json::object(), employment = Json::object();
    to_scim(of_profile("name"), name_parts, name);
    to_scim(of_profile("employment"), employment_parts, employment);
    put(employment, "manager", manager_of(user, base));
    Json urns = Json::array({user_urn});
    if (employment.size() > 0) urns.push_back(enterprise_urn);
    out["schemas"] = std::move(urns);
    put(out, "name", std::move(name));
    put(out, enterprise_urn, std::move(employment));
    put(out, "emails", list_to_scim(ours.find("emails"), email_parts));
    put(out, "phoneNumbers", list_to_scim(ours.find("phones"), phone_parts));
    put(out, "addresses", list_to_scim(of_profile("addresses"), address_parts));
    Json in = Json::array();
    for (const auto& group : groups)
        in.push_back(Json::object({{"value", group.id.to_string()}, {"$ref", base + "/Groups/" + group.id.to_string()}, {"display", group.display}}));
    put(out, "groups", std::move(in));
    out["meta"] = meta_of(user, "User", base + "/Users/" + user.id.to_string(), version_of(user, groups));
    return out;
}

Json to_resource(const Group& group, const std::vector<GroupMember>& members, const std::string& base) {
    Json out = Json::object({{"schemas", Json::array({group_urn})}, {"id", group.id.to_string()}, {"displayName", group.display_name.str()}});
    if (group.external_id) out["externalId"] = group.external_id->str();
    Json list = Json::array();
    for (const auto& member : members) {
        const std::string id = member.id.to_string();
        const bool person = member.kind == MemberKind::user;
        list.push_back(Json::object({{"value", id}, {"type", person ? "User" : "Group"}, {"$ref", base + (person ? "/Users/" : "/Groups/") + id}}));
    }
    put(out, "members", std::move(list));
    out["meta"] = meta_of(group, "Group", base + "/Groups/" + group.id.to_string(), http::etag_of(group.version.value()));
    return out;
}

UserEdit user_of(const Json& resource, const UserEdit* before) {
    Json profile = Json::object(), name = Json::object(), employment = Json::object();
    to_ours(&resource, profile_parts, profile);
    to_ours(resource.find("name"), name_parts, name);
    to_ours(resource.find(enterprise_urn), employment_parts, employment);
    if (const Json* const id = resource.at_pointer("/" + std::string(enterprise_urn) + "/manager/value")) employment["manager"] = *id;
    put(profile, "name", std::move(name));
    put(profile, "employment", std::move(employment));
    put(profile, "addresses", list_to_ours(resource.find("addresses"), address_parts));
    Json ours = Json::object();
    ours["emails"] = list_to_ours(resource.find("emails"), email_parts);
    ours["phones"] = list_to_ours(resource.find("phoneNumbers"), phone_parts);
    to_ours(&resource, user_parts, ours);
    if (before != nullptr && before->profile && before->profile->picture_url) profile["picture_url"] = before->profile->picture_url->str();
    if (profile.size() > 0 || (before != nullptr && before->profile)) ours["profile"] = std::move(profile);
    UserEdit user = decoded<UserEdit>(ours);
    if (before != nullptr) {
        keep_verified(user, *before);
        user.custom = before->custom; // no schema of SCIM has them
    }
    return user;
}

std::optional<bool> active_of(const Json& resource) {
    const Json* const active = resource.find("active");
    return active == nullptr ? std::nullopt : std::optional<bool>(active->as_bool());
}

GroupWanted group_of(const Json& resource) {
    Json ours = Json::object();
    if (const Json* const name = resource.find("displayName")) ours["display_name"] = *name;
    if (const Json* const external = resource.find("externalId")) ours["external_id"] = *external;
    GroupWanted wanted{decoded<GroupEdit>(ours), {}};
    if (const Json* const members = resource.find("members"))
        for (const Json& one : members->as_array()) {
            const Json* const id = one.find("value");
            if (id == nullptr) throw invalid_value("A member has a value: its id");
            wanted.members.push_back(id->as_string());
        }
    return wanted;
}

} // namespace gravity::user::scim
