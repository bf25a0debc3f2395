#include "contact_changes_api.hpp"

#include "contact_changes_domain.hpp"
#include "contact_changes_store.hpp"
#include "contact_letters.hpp"
#include "people.hpp"
#include "problems.hpp"
#include "users_domain.hpp"
#include "who.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

#include <variant>

namespace gravity::user::contact_changes {
namespace {

constexpr std::int64_t day_seconds = 86'400;

struct Wanted {
    ContactKind kind;
    std::string value;
    std::string canonical;
    std::optional<std::string> replaces; // canonical
    std::optional<std::string> type;
};

std::string known_email(const Email& email, std::string pointer) {
    auto canonical = canonical_email(email);
    if (!canonical) throw Refusal(problems::invalid).with_faults({{std::move(pointer), "must be an e-mail address such as ada@example.com"}});
    return *std::move(canonical);
}

// By events to whoever sends codes, by mail from here, or both.
void send_code(Tx& tx, const ContactChangeRequested& change, const Settings& settings, const mail::Outgoing& outgoing) {
    if (change.kind == ContactKind::email && outgoing.on())
        for (const mail::Letter& letter : letters_of(change, settings, tx.now())) outgoing.leave(tx, letter);
    if (*settings.codes_in_events) tx.emit(change);
}

// Whether somebody else has proved that the address is theirs is told to those alone who can read what is sent there.
Created<ContactChange> begin(Tx& tx, const Caller& caller, const Wanted& wanted, const Settings& settings, const mail::Outgoing& outgoing) {
    const bool by_mail = wanted.kind == ContactKind::email && outgoing.on();
    if (!*settings.codes_in_events && !by_mail) throw Refusal(codes_not_sent);
    const User me = lock_me(tx, caller);
    if (wanted.replaces && !own_address(me, wanted.kind, *wanted.replaces))
        throw Refusal(problems::invalid).with_faults({{"/replaces", "is no address of yours"}});
    tx.one(lock_address, wanted.kind, wanted.canonical);
    const Timestamp since = tx.now() - Duration::seconds(day_seconds);
    if (tx.one(count_changes, me.id, wanted.kind, wanted.canonical, since) >= settings.contact_changes_per_day.value())
        throw Refusal(too_many_changes).with_header("Retry-After", std::to_string(day_seconds));
    const Code code = fresh_code(wanted.kind);
    StoredChange change;
    change.id = tx.new_id<ContactChangeId>();
    change.version = Version(1);
    change.user_id = me.id;
    change.kind = wanted.kind;
    change.value = wanted.value;
    change.canonical = wanted.canonical;
    change.type = wanted.type;
    change.replaces = wanted.replaces;
    change.code_hash = code_hash(change.id, code.text);
    change.created_at = tx.now();
    change.expires_at = tx.now() + code.life;
    change = tx.one(insert_change, change);
    const auto told = wanted.replaces ? own_address(me, wanted.kind, *wanted.replaces) : std::nullopt;
    send_code(tx, ContactChangeRequested{change.id, me.id, change.kind, change.value, told, code.text, me.locale, change.expires_at}, settings, outgoing);
    return Created<ContactChange>(change);
}

ContactChange shown(Tx& tx, const Caller& caller, const ContactChangeId& id, ContactKind kind) {
    return tx.one(get_change, id, find_me(tx, caller).id, kind);
}

NoContent cancel(Tx& tx, const Caller& caller, const ContactChangeId& id, ContactKind kind) {
    const User me = find_me(tx, caller);
    tx.exec(end_change, tx.one(lock_change, id, me.id, kind).id);
    return {};
}

void announce(Tx& tx, const User& me, const StoredChange& change, const std::optional<std::string>& replaced, bool had_it) {
    if (change.kind == ContactKind::email) {
        if (replaced || !had_it) tx.emit(EmailChanged{me.id, change.value, replaced});
        tx.emit(EmailVerified{me.id, change.value});
    } else {
        if (replaced || !had_it) tx.emit(PhoneChanged{me.id, change.value, replaced});
        tx.emit(PhoneVerified{me.id, change.value});
    }
}

// A wrong code counts, whatever is answered: so it is no refusal yet, which would take the transaction back. The attempts that are left.
using Tried = std::variant<User, std::int64_t>;

Tried try_code(Tx& tx, Caller caller, ContactChangeId id, ContactKind kind, std::string code) {
    const User me = lock_me(tx, caller);
    const StoredChange change = tx.one(lock_change, id, me.id, kind);
    if (!change.code_hash || change.expires_at <= tx.now()) throw Refusal(change_over);
    if (!is_code(change, code)) {
        tx.exec(note_attempt, change.id);
        return change.attempts_left - 1;
    }
    tx.exec(end_change, change.id);
    const bool had_it = own_address(me, kind, change.canonical).has_value();
    const auto replaced = change.replaces && *change.replaces != change.canonical ? own_address(me, kind, *change.replaces) : std::nullopt;
    User changed = change_user(tx, caller, me, with_confirmed(me, change), Right::proof);
    announce(tx, changed, change, replaced, had_it);
    return changed;
}

Task<User> confirm(Ctx& ctx, ContactChangeId id, ContactKind kind, std::string code) {
    const Caller caller = *ctx.caller();
    Tried tried = co_await ctx.transaction(try_code, caller, id, kind, std::move(code));
    if (const auto* const left = std::get_if<std::int64_t>(&tried)) throw Refusal(wrong_code).with("attempts_left", *left);
    co_return std::get<User>(std::move(tried));
}

} // namespace

Created<ContactChange> change_email(Tx& tx, Caller caller, Body<NewEmailChange> in, Given<Settings> settings, Given<mail::Outgoing> outgoing) {
    Wanted wanted{ContactKind::email, in->address.str(), known_email(in->address, "/address"), {}, {}};
    if (in->replaces) wanted.replaces = known_email(*in->replaces, "/replaces");
    if (in->type) wanted.type = in->type->str();
    return begin(tx, caller, wanted, *settings, *outgoing);
}

Created<ContactChange> change_phone(Tx& tx, Caller caller, Body<NewPhoneChange> in, Given<Settings> settings, Given<mail::Outgoing> outgoing) {
    Wanted wanted{ContactKind::phone, in->number.str(), in->number.str(), {}, {}};
    if (in->replaces) wanted.replaces = in->replaces->str();
    if (in->type) wanted.type = in->type->str();
    return begin(tx, caller, wanted, *settings, *outgoing);
}

ContactChange get_email_change(Tx& tx, Caller caller, Path<"change", ContactChangeId> id) { return shown(tx, caller, *id, ContactKind::email); }
ContactChange get_phone_change(Tx& tx, Caller caller, Path<"change", ContactChangeId> id) { return shown(tx, caller, *id, ContactKind::phone); }
NoContent cancel_email_change(Tx& tx, Caller caller, Path<"change", ContactChangeId> id) { return cancel(tx, caller, *id, ContactKind::email); }
NoContent cancel_phone_change(Tx& tx, Caller caller, Path<"change", ContactChangeId> id) { return cancel(tx, caller, *id, ContactKind::phone); }

Task<User> confirm_email(Ctx& ctx, Path<"change", ContactChangeId> id, Body<CodeShown> in) {
    return confirm(ctx, *id, ContactKind::email, in->code.str());
}
Task<User> confirm_phone(Ctx& ctx, Path<"change", ContactChangeId> id, Body<CodeShown> in) {
    return confirm(ctx, *id, ContactKind::phone, in->code.str());
}

} // namespace gravity::user::contact_changes
