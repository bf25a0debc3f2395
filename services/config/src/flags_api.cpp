#include "flags_api.hpp"

#include "audit.hpp"
#include "audit_details.hpp"
#include "flags_domain.hpp"
#include "memory.hpp"
#include "problems.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/codec.hpp>

namespace gravity::config::flags {
namespace {

constexpr int most_flags = 1'000;
constexpr std::size_t salt_bytes = 8;

void check_whole(const NewFlag& flag) {
    std::vector<Refusal::Fault> faults;
    const meta::Errors found = faults_of(flag); // named: a range-for over a member of a temporary outlives it
    for (const auto& item : found.items()) faults.push_back({item.pointer, item.detail});
    if (!faults.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults));
}

/// With the change in it: others wait for the row that next_flag_change holds.
void check_circle(Tx& tx, const Flag& changed) {
    Flags flags;
    for (Flag& flag : tx.all(all_flags)) flags.emplace(flag.key.str(), std::move(flag));
    flags.insert_or_assign(changed.key.str(), changed);
    if (const auto circle = circle_through(changed.key.str(), flags)) throw Refusal(prerequisite_circle, *circle);
}

void record_flag(Tx& tx, const Actor& by, std::string_view action, const Flag& flag, Json details) {
    record(tx, by, {.action = action, .target = flag.key.str(), .details = std::move(details)});
}

} // namespace

Created<Flag> create(Tx& tx, Actor by, Body<NewFlag> in) {
    check_whole(*in);
    tx.one(next_flag_change);
    forget_remembered(tx);
    Flag flag;
    static_cast<NewFlag&>(flag) = *in;
    flag.id = tx.new_id<FlagId>();
    flag.salt = hex_encode(random_bytes(salt_bytes));
    flag.created_at = flag.updated_at = tx.now();
    check_circle(tx, flag);
    auto made = tx.maybe(insert_flag, flag, most_flags);
    if (!made) throw Refusal(too_many_flags, "There may be " + std::to_string(most_flags));
    tx.emit(FlagChanged{made->id, made->key, false});
    record_flag(tx, by, "flag.created", *made, changed_fields(Json::object(), json::to_document<NewFlag>(*made)));
    return *std::move(made);
}

Page<Flag> list(Tx& tx, Params<ListFlags> query) { return tx.page(list_flags, *query); }
Flag get(Tx& tx, Path<"id", FlagId> id) { return tx.one(get_flag, *id); }

Flag update(Tx& tx, Actor by, Path<"id", FlagId> id, Patch<NewFlag> patch, IfMatch expected) {
    tx.one(next_flag_change);
    forget_remembered(tx);
    Flag flag = expected.check(tx.one(lock_flag, *id));
    const NewFlag wanted = patch.apply(flag);
    if (wanted.key != flag.key) throw Refusal(problems::invalid).with_faults({{"/key", "stays as it is"}});
    if (wanted.type != flag.type) throw Refusal(problems::invalid).with_faults({{"/type", "stays as it is"}});
    check_whole(wanted);
    const Json before = json::to_document<NewFlag>(flag);
    static_cast<NewFlag&>(flag) = wanted;
    flag.updated_at = tx.now();
    check_circle(tx, flag);
    flag = tx.one(save_flag, flag);
    tx.emit(FlagChanged{flag.id, flag.key, false});
    record_flag(tx, by, "flag.changed", flag, changed_fields(before, json::to_document<NewFlag>(flag)));
    return flag;
}

NoContent remove(Tx& tx, Actor by, Path<"id", FlagId> id, IfMatch expected) {
    tx.one(next_flag_change);
    forget_remembered(tx);
    const Flag flag = expected.check(tx.one(lock_flag, *id));
    tx.exec(delete_flag, *id);
    tx.emit(FlagChanged{flag.id, flag.key, true});
    record_flag(tx, by, "flag.deleted", flag, changed_fields(json::to_document<NewFlag>(flag), Json::object()));
    return {};
}

} // namespace gravity::config::flags
