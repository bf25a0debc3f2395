#include "mail_texts.hpp"

#include <algorithm>

namespace gravity::issuer {
namespace {

const Duration news_life = Duration::hours(1);     // of a mail that asks for nothing
const Duration warning_life = Duration::hours(72); // of one that somebody may have to act on

// "30 minutes", "24 hours".
std::string span(Timestamp from, Timestamp to) {
    const std::int64_t minutes = std::max<std::int64_t>(1, (to - from).count_seconds() / 60);
    if (minutes >= 120) return std::to_string(minutes / 60) + " hours";
    return minutes == 1 ? "1 minute" : std::to_string(minutes) + " minutes";
}

std::string by_whom(const AskedFor& asked) {
    return asked.network.empty() ? "\n" : "\nThis was asked for from the network " + asked.network + ".\n";
}

std::string ending(const AskedFor& asked) { return "\n-- \n" + asked.site + "\nNobody reads answers to this mail.\n"; }

// A wait that is stopped is told of no more, nor is another one by its mail.
std::string about_waiting(IdentityId identity, Timestamp ends_at) { return identity.to_string() + " " + ends_at.to_string(); }

std::string spaced(const std::string& code) { return code.size() == 8 ? code.substr(0, 4) + " " + code.substr(4) : code; }

} // namespace

mail::Letter letter_of(const RecoveryRequested& event, const AskedFor& asked) {
    const std::string life = span(asked.now, event.expires_at);
    std::string text = "Somebody, most likely you, has asked to get back into your account.\n"
                       "\nTo do so, open this link:\n\n    " +
                       event.link + "\n";
    if (event.code) text += "\nOr type this code where you are asked for it:\n\n    " + spaced(*event.code) + "\n";
    text += "\nIt is good once, for " + life + ".\n" + by_whom(asked) +
            "If it was not you, you need not do anything: all stays as it is. Give the link" + (event.code ? " and the code" : "") + " to nobody.\n";
    return {event.address, "Get back into your account", text + ending(asked), event.expires_at, event.identity_id.to_string()};
}

mail::Letter letter_of(const RecoveryBegun& event, const AskedFor& asked) {
    // By the clock: the mail may be late.
    const std::string text = "Somebody who reads mail of yours says that they have lost their passkeys. From " +
                             event.good_from.truncated_to_seconds().to_string() + " on they may set up another way into your account.\n" + by_whom(asked) +
                             "\nIf it is not you, stop it by this link, and look after your mailbox:\n\n    " + event.link +
                             "\n\nSigning in stops it too. If it is you, wait for the next mail.\n";
    const std::string about = about_waiting(event.identity_id, event.expires_at);
    return {event.address, "Somebody wants to get back into your account", text + ending(asked), event.expires_at, about};
}

mail::Letter letter_of(const RecoveryReady& event, const AskedFor& asked) {
    const std::string text = "You have waited for it: set up another way into your account by this link:\n\n    " + event.link + "\n\nIt is good for " +
                             span(asked.now, event.expires_at) + ". If it is not you who has waited, sign in, which stops it, and look after your mailbox.\n";
    const std::string about = about_waiting(event.identity_id, event.expires_at);
    return {event.address, "Get back into your account now", text + ending(asked), event.expires_at, about};
}

mail::Letter letter_of(const RecoveryCompleted& event, const AskedFor& asked) {
    const std::string text = "Somebody, most likely you, has got back into your account by a link or a code that was mailed, and set up a way to sign in, at " +
                             asked.now.truncated_to_seconds().to_string() + ".\n" + by_whom(asked) +
                             "\nIf it was you, you need not do anything. If it was not, somebody reads your mail: look after your mailbox, and see to your"
                             " account here:\n\n    " +
                             asked.site +
                             "/account/security\n\nIf you cannot sign in any more, set your password anew, or ask whoever runs the application.\n";
    return {event.address, "Somebody got back into your account", text + ending(asked), asked.now + warning_life, event.identity_id.to_string()};
}

mail::Letter letter_of(const ConfirmationRequested& event, const AskedFor& asked) {
    const std::string text = "Somebody who is signed in, most likely you, has asked to confirm that this e-mail address is theirs.\n"
                             "\nTo do so, open this link:\n\n    " +
                             event.link + "\n\nIt is good once, for " + span(asked.now, event.expires_at) + ".\n" + by_whom(asked) +
                             "If it was not you, do not open it: somebody has your address on their account, and without the link it stays unconfirmed.\n";
    return {event.address, "Confirm your e-mail address", text + ending(asked), event.expires_at, event.identity_id.to_string()};
}

mail::Letter letter_of(const RegistrationRequested& event, const AskedFor& asked) {
    const std::string text = "Somebody, most likely you, wants to sign up with this e-mail address.\n"
                             "\nTo do so, type this code where you are asked for it:\n\n    " +
                             spaced(event.code) + "\n\nIt is good once, for " + span(asked.now, event.expires_at) + ".\n" + by_whom(asked) +
                             "If it was not you, you need not do anything: without the code there will be no account. Give it to nobody.\n";
    return {event.address, "Your code to sign up", text + ending(asked), event.expires_at, {}};
}

mail::Letter letter_of(const RegistrationRepeated& event, const AskedFor& asked) {
    const std::string text = "Somebody, most likely you, wanted to sign up with this e-mail address.\n"
                             "\nYou have an account already: sign in with it, or ask there to set your password anew if you have forgotten it.\n" +
                             by_whom(asked) + "If it was not you, you need not do anything: nothing has changed, and they were told nothing of your account.\n";
    return {event.address, "You have an account already", text + ending(asked), asked.now + news_life, event.identity_id.to_string()};
}

} // namespace gravity::issuer
