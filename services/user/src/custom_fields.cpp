#include "custom_fields.hpp"

#include "json_schema.hpp"
#include "problems.hpp"
#include "profile_schemas_store.hpp"

#include <gravity/meta/refuse.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::user {
namespace {

JsonSchema stored_schema(const ProfileSchema& row) {
    meta::Errors errors;
    JsonSchema schema = JsonSchema::parse(row.schema, errors);
    if (!errors.empty()) throw std::runtime_error("profile schema " + row.name.str() + " is not readable: " + errors.to_string());
    return schema;
}

const Json* member_of(const CustomFields& fields, const std::string& schema, std::string_view property) {
    const auto found = fields.find(schema);
    return found == fields.end() ? nullptr : found->second.find(property);
}
bool same(const Json* a, const Json* b) { return a == nullptr || b == nullptr ? a == b : *a == *b; }

std::vector<std::string> changed_names(const CustomFields& before, const CustomFields& after) {
    std::vector<std::string> names;
    for (const auto& [name, fields] : after)
        if (const auto old = before.find(name); old == before.end() || old->second != fields) names.push_back(name);
    for (const auto& [name, fields] : before)
        if (!after.contains(name)) names.push_back(name);
    return names;
}

// The fields whose mark keeps this writer from them.
void check_marks(const JsonSchema& schema, const std::string& name, const CustomFields& before, const CustomFields& after, Right right, meta::Errors& errors) {
    for (const auto& [property, marks] : schema.marks()) {
        if (same(member_of(before, name, property), member_of(after, name, property))) continue;
        if (right == Right::person && marks.read_only) errors.reject(property, "is not for people to set of themselves");
        if (right == Right::clerk && marks.hidden) errors.reject(property, "is private: for whom it is of, and for who administers users");
    }
}

} // namespace

void check_custom(Tx& tx, const CustomFields& before, const CustomFields& after, Right right) {
    const std::vector<std::string> names = changed_names(before, after);
    if (names.empty()) return;
    std::map<std::string, JsonSchema> schemas;
    for (const ProfileSchema& row : tx.all(hold_profile_schemas, names)) schemas.emplace(row.name.str(), stored_schema(row));
    meta::Errors faults, not_theirs;
    const meta::Errors::Step custom(faults, "custom"), custom_too(not_theirs, "custom");
    for (const std::string& name : names) {
        const meta::Errors::Step at(faults, name), at_too(not_theirs, name);
        const auto schema = schemas.find(name);
        if (schema == schemas.end()) {
            faults.reject("", "there is no profile schema of this name");
            continue;
        }
        check_marks(schema->second, name, before, after, right, not_theirs);
        const auto fields = after.find(name);
        if (fields == after.end()) continue;
        if (!fields->second.is_object())
            faults.reject("", "must be an object");
        else if (fields->second.dump().size() > most_custom_bytes)
            faults.reject("", "must be at most 32 KiB");
        else
            schema->second.check(fields->second, faults);
    }
    refuse_if_any(not_theirs, field_not_yours);
    refuse_if_any(faults);
}

void hide_private(Tx& tx, const Caller& caller, std::vector<User>& users) {
    const auto hides = [&](const User& user) { return !user.custom.empty() && user.subject.str() != caller.subject; };
    if (caller.may("users:admin") || std::none_of(users.begin(), users.end(), hides)) return;
    std::map<std::string, JsonSchema> schemas;
    for (const ProfileSchema& row : tx.all(all_profile_schemas)) schemas.emplace(row.name.str(), stored_schema(row));
    for (User& user : users) {
        if (!hides(user)) continue;
        for (auto& [name, fields] : user.custom) {
            const auto schema = schemas.find(name);
            // Of the past there may be fields whose schema is gone: nobody knows any more what of them was private.
            if (schema == schemas.end()) fields = Json::object();
            if (schema == schemas.end() || !fields.is_object()) continue;
            for (const auto& [property, marks] : schema->second.marks())
                if (marks.hidden) fields.as_object().erase(property);
        }
    }
}

User without_private(Tx& tx, const Caller& caller, User user) {
    std::vector<User> one{std::move(user)};
    hide_private(tx, caller, one);
    return std::move(one.front());
}

std::int64_t count_offenders(Tx& tx, const Slug& name, const Json& schema) {
    constexpr int at_once = 500;
    meta::Errors none;
    const JsonSchema wanted = JsonSchema::parse(schema, none);
    std::int64_t offenders = 0;
    for (std::optional<UserId> last; true;) {
        const auto batch = tx.all(users_with_custom, name, last, at_once);
        for (const CustomOfUser& one : batch) {
            meta::Errors errors;
            wanted.check(one.document, errors);
            if (!errors.empty()) ++offenders;
        }
        if (batch.size() < static_cast<std::size_t>(at_once)) return offenders;
        last = batch.back().id;
    }
}

} // namespace gravity::user
