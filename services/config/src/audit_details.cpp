#include "audit_details.hpp"

#include "secrets.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::config {
namespace {

constexpr std::size_t most_changes_told = 50;
constexpr std::size_t longest_value_told = 200; // bytes of JSON

Json told_change(std::string_view name, const std::string& key, const Json* before, const Json* after) {
    Json told = Json::object({{std::string(name), key}});
    if (before != nullptr) told["before"] = *before;
    if (after != nullptr) told["after"] = *after;
    return told;
}

Json counted(Json::Array changes, std::size_t all) {
    Json told = Json::object({{"changes", Json(std::move(changes))}});
    if (all > most_changes_told) told["more"] = static_cast<std::int64_t>(all - most_changes_told);
    return told;
}

} // namespace

Json brief(const Json& document) {
    const std::string text = document.dump();
    if (text.size() <= longest_value_told) return document;
    return Json::object({{"sha256", hex_encode(sha256(text))}, {"bytes", static_cast<std::int64_t>(text.size())}});
}

Json brief_item(const Json& value) { return is_secret(value) ? Json::object({{"fingerprint", fingerprint_of(value)}}) : brief(value); }

Json changed_items(const Items& before, const Items& after) {
    const std::vector<Change> changes = changes_between(before, after);
    Json::Array told;
    for (const Change& change : changes) {
        if (told.size() == most_changes_told) break;
        const Json was = change.before == nullptr ? Json() : brief_item(*change.before), is = change.after == nullptr ? Json() : brief_item(*change.after);
        told.push_back(told_change("key", change.key, change.before == nullptr ? nullptr : &was, change.after == nullptr ? nullptr : &is));
    }
    return counted(std::move(told), changes.size());
}

Json changed_fields(const Json& before, const Json& after) {
    Json::Array told;
    std::size_t all = 0;
    const auto tell = [&](const std::string& name, const Json* was, const Json* is) {
        if (++all > most_changes_told) return;
        const Json short_was = was == nullptr ? Json() : brief(*was), short_is = is == nullptr ? Json() : brief(*is);
        told.push_back(told_change("field", name, was == nullptr ? nullptr : &short_was, is == nullptr ? nullptr : &short_is));
    };
    for (const auto& [name, was] : before.as_object())
        if (const Json* is = after.find(name); is == nullptr || *is != was) tell(name, &was, is);
    for (const auto& [name, is] : after.as_object())
        if (before.find(name) == nullptr) tell(name, nullptr, &is);
    return counted(std::move(told), all);
}

} // namespace gravity::config
