#include "contact_letters.hpp"

#include "users_store.hpp"

#include <algorithm>

namespace gravity::user {
namespace {

std::string letter_end(const Settings& settings) { return "\n-- \n" + settings.public_url.str() + "\nNobody reads answers to this mail.\n"; }

mail::Letter code_letter(const ContactChangeRequested& change, const Settings& settings, Timestamp now) {
    const std::int64_t minutes = std::max<std::int64_t>(1, (change.expires_at - now).count_seconds() / 60);
    const std::string text = "Somebody who is signed in, most likely you, says that this e-mail address is theirs.\n"
                             "\nTo prove it, type this code where you are asked for it:\n\n    " +
                             change.code + "\n\nIt is good once, for " + std::to_string(minutes) +
                             " minutes.\n"
                             "\nIf it was not you, you need not do anything: without the code nobody has this address. Give it to nobody.\n";
    return {change.address, "Your code for this address", text + letter_end(settings), change.expires_at, change.user_id.to_string()};
}

mail::Letter warning_letter(const ContactChangeRequested& change, const Settings& settings) {
    const std::string text = "Somebody who is signed in with your account, most likely you, wants the address\n\n    " + change.address +
                             "\n\nto take the place of this one. It does once they type the code that was sent there.\n"
                             "\nIf it was not you, somebody is signed in as you: change your password, and tell whoever runs the application.\n";
    return {*change.replaces, "Your e-mail address is about to change", text + letter_end(settings), change.expires_at, change.user_id.to_string()};
}

} // namespace

std::vector<mail::Letter> letters_of(const ContactChangeRequested& change, const Settings& settings, Timestamp now) {
    std::vector<mail::Letter> letters{code_letter(change, settings, now)};
    if (change.replaces) letters.push_back(warning_letter(change, settings));
    return letters;
}

bool may_have_letters(Tx& tx, const std::string& about) {
    const auto id = UserId::parse(about);
    if (!id) return false;
    const auto person = tx.maybe(get_user, *id);
    return person && person->state == UserState::active;
}

} // namespace gravity::user
