#include "tags_api.hpp"

#include "audit.hpp"
#include "problems.hpp"
#include "releases_store.hpp"
#include "sets_store.hpp"
#include "tags_store.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::config {

bool TagName::accept(std::string_view in, std::string& out, std::string& why) {
    const auto fits = [](char c) { return ascii::is_alnum(c) || c == '.' || c == '_' || c == '-'; };
    if (in.empty() || in.size() > 64 || !std::all_of(in.begin(), in.end(), fits)) {
        why = "must be 1 to 64 letters, digits, dots, underscores and hyphens";
        return false;
    }
    out = in;
    return true;
}

namespace tags {
namespace {

constexpr int most_tags_of_a_set = 1'000;

void record_tag(Tx& tx, const Actor& by, std::string_view action, const Tag& tag) {
    const Json details = Json::object({{"number", std::int64_t{tag.number.value()}}});
    record(tx, by, {.action = action, .set = tag.set_id, .target = tag.name.str(), .details = details});
}

} // namespace

Created<Tag> create(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Body<NewTag> in) {
    tx.one(get_release, *id, in->number);
    Tag tag;
    static_cast<NewTag&>(tag) = *in;
    tag.set_id = *id;
    tag.tagged_by = by.subject;
    tag.tagged_at = tx.now();
    auto made = tx.maybe(insert_tag, tag, most_tags_of_a_set);
    if (!made) throw Refusal(too_many_tags, "There may be " + std::to_string(most_tags_of_a_set));
    record_tag(tx, by, "tag.created", *made);
    std::string place = "/api/v1/configs/" + id->to_string() + "/tags/" + made->name.str();
    return {*std::move(made), std::move(place)};
}

Page<Tag> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListTags> query) {
    tx.one(get_head, *id);
    return tx.page(list_tags, *query, *id);
}

Tag get(Tx& tx, Path<"id", ConfigSetId> id, Path<"tag", TagName> tag) { return tx.one(get_tag, *id, *tag); }

NoContent remove(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"tag", TagName> tag, IfMatch expected) {
    record_tag(tx, by, "tag.deleted", expected.check(tx.one(delete_tag, *id, *tag)));
    return {};
}

} // namespace tags
} // namespace gravity::config
