#include "contact_changes_domain.hpp"

#include "problems.hpp"
#include "users_domain.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>

#include <algorithm>

namespace gravity::user {
namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t most_of_a_kind = 20;

std::string six_digits() {
    std::string digits;
    while (digits.size() < 6)
        for (const char byte : random_bytes(8)) { // 250 is the last multiple of ten that a byte can be: above it digits would not be equally likely
            const auto value = static_cast<unsigned char>(byte);
            if (value < 250 && digits.size() < 6) digits += static_cast<char>('0' + value % 10);
        }
    return digits;
}

// The two kinds of lists, alike but for the names of a member.
template <class Entry, class Canonical>
void put_confirmed(std::vector<Entry>& entries, Entry confirmed, const StoredChange& change, Canonical canonical) {
    const auto find = [&](const std::string& wanted) {
        return std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return canonical(e) == wanted; });
    };
    const auto replaced = change.replaces ? find(*change.replaces) : entries.end();
    if (const auto there = find(change.canonical); there != entries.end()) {
        there->verified = true;
        if (replaced == entries.end() || replaced == there) return;
        if (replaced->primary) there->primary = true;
        entries.erase(replaced);
        return;
    }
    confirmed.verified = true;
    if (replaced != entries.end()) {
        confirmed.primary = replaced->primary;
        if (!confirmed.type) confirmed.type = replaced->type;
        *replaced = std::move(confirmed);
        return;
    }
    if (entries.size() >= most_of_a_kind) throw Refusal(too_many_contacts);
    confirmed.primary = entries.empty();
    entries.push_back(std::move(confirmed));
}

} // namespace

Code fresh_code(ContactKind kind) {
    if (kind == ContactKind::phone) return {six_digits(), Duration::minutes(10)};
    std::string text;
    for (const char byte : random_bytes(10)) text += crockford[static_cast<unsigned char>(byte) % crockford.size()];
    return {text, Duration::hours(1)};
}

Bytes code_hash(const ContactChangeId& id, std::string_view code) {
    std::string plain;
    for (const char c : code)
        if (c != ' ' && c != '-') plain += c;
    return Bytes(sha256(id.to_string() + " " + ascii::lower(plain)));
}

bool is_code(const StoredChange& change, std::string_view shown) {
    return change.code_hash && constant_time_equal(change.code_hash->view(), code_hash(change.id, shown).view());
}

UserEdit with_confirmed(const UserEdit& user, const StoredChange& change) {
    UserEdit changed = user;
    const auto type = change.type ? std::optional<Text<1, 40>>(Text<1, 40>::parse(*change.type).or_throw()) : std::nullopt;
    if (change.kind == ContactKind::email)
        put_confirmed(changed.emails, EmailEntry{Email::parse(change.value).or_throw(), type, {}, {}}, change,
                      [](const EmailEntry& e) { return canonical_email(e.address); });
    else
        put_confirmed(changed.phones, PhoneEntry{Text<1, 64>::parse(change.value).or_throw(), type, {}, {}}, change,
                      [](const PhoneEntry& p) { return e164(p.number.view()); });
    return changed;
}

std::optional<std::string> own_address(const UserEdit& user, ContactKind kind, const std::string& canonical) {
    if (kind == ContactKind::email) {
        for (const EmailEntry& email : user.emails)
            if (canonical_email(email.address) == canonical) return email.address.str();
    } else {
        for (const PhoneEntry& phone : user.phones)
            if (e164(phone.number.view()) == canonical) return phone.number.str();
    }
    return std::nullopt;
}

} // namespace gravity::user
