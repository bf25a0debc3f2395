#include "users_domain.hpp"

#include "handles.hpp"
#include "problems.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <set>

namespace gravity::user {
namespace {

constexpr std::size_t most_contacts = 20;

std::string canonical_phone(std::string_view number) {
    auto plain = e164(number);
    return plain ? *std::move(plain) : ascii::lower(ascii::trim(number));
}

struct Move {
    UserState from;
    Change change;
    UserState to;
};
constexpr Move moves[] = {
    {UserState::invited, Change::activate, UserState::active},
    {UserState::active, Change::suspend, UserState::suspended},
    {UserState::suspended, Change::reactivate, UserState::active},
    {UserState::invited, Change::deactivate, UserState::deactivated},
    {UserState::active, Change::deactivate, UserState::deactivated},
    {UserState::suspended, Change::deactivate, UserState::deactivated},
    {UserState::deactivated, Change::restore, UserState::active},
};

// What a list of addresses has to keep: no two the same, one primary.
class Contacts {
public:
    explicit Contacts(meta::Errors& errors) : errors_(errors) {}
    void add(std::string canonical, std::string_view field, bool primary) {
        if (!seen_.insert(std::move(canonical)).second) errors_.reject(field, "is there twice");
        if (primary && primaries_++ == 1) errors_.reject("primary", "another one is primary");
    }

private:
    meta::Errors& errors_;
    std::set<std::string> seen_;
    int primaries_ = 0;
};

void check_emails(const std::vector<EmailEntry>& emails, meta::Errors& errors) {
    if (emails.size() > most_contacts) return errors.reject("emails", "must have at most 20 items");
    const meta::Errors::Step list(errors, "emails");
    Contacts contacts(errors);
    for (std::size_t i = 0; i < emails.size(); ++i) {
        const meta::Errors::Step at(errors, i);
        auto canonical = canonical_email(emails[i].address);
        if (canonical)
            contacts.add(*std::move(canonical), "address", emails[i].primary);
        else
            errors.reject("address", "must be an e-mail address such as ada@example.com");
    }
}

void check_phones(const std::vector<PhoneEntry>& phones, meta::Errors& errors) {
    if (phones.size() > most_contacts) return errors.reject("phones", "must have at most 20 items");
    const meta::Errors::Step list(errors, "phones");
    Contacts contacts(errors);
    for (std::size_t i = 0; i < phones.size(); ++i) {
        const meta::Errors::Step at(errors, i);
        contacts.add(canonical_phone(phones[i].number.view()), "number", phones[i].primary);
        if (phones[i].verified && !e164(phones[i].number.view())) errors.reject("verified", "a number that is not in E.164 form cannot be");
    }
}

} // namespace

bool Handle::accept(std::string_view in, std::string& out, std::string& why) {
    auto kept = accept_handle(in, why);
    if (!kept) return false;
    out = *std::move(kept);
    return true;
}

bool Subject::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.empty() || in.size() > 255 || std::any_of(in.begin(), in.end(), [](char c) { return c < '!' || c > '~'; })) {
        why = "must be 1 to 255 printable ASCII characters without blanks";
        return false;
    }
    out = in;
    return true;
}

void check(const Profile& profile, meta::Errors& errors) {
    if (profile.addresses.size() > most_contacts) errors.reject("addresses", "must have at most 20 items");
    const auto primaries = std::count_if(profile.addresses.begin(), profile.addresses.end(), [](const PostalAddress& a) { return bool(a.primary); });
    if (primaries > 1) errors.reject("addresses", "must have one that is primary, no more");
    if (profile.profile_url && !Url::parse(profile.profile_url->view())) errors.reject("profile_url", "must be an absolute http or https URL");
}

void check(const UserEdit& user, meta::Errors& errors) {
    check_emails(user.emails, errors);
    check_phones(user.phones, errors);
    if (user.custom.size() > 20) errors.reject("custom", "must have at most 20 members");
}

bool move(User& user, Change change, const std::optional<Text<1, 500>>& reason, const std::string& actor, Timestamp now) {
    const auto wanted = std::find_if(std::begin(moves), std::end(moves), [&](const Move& m) { return m.change == change; })->to;
    if (user.state == wanted) return false;
    const auto found = std::find_if(std::begin(moves), std::end(moves), [&](const Move& m) { return m.from == user.state && m.change == change; });
    if (found == std::end(moves)) throw Refusal(wrong_state);
    user.state = found->to;
    user.state_reason = reason;
    user.state_actor = actor;
    user.state_at = now;
    if (user.state == UserState::active) {
        user.deleted_at.reset();
        user.erase_at.reset();
    }
    return true;
}

std::optional<std::string> canonical_email(const Email& email) {
    const auto host = ascii_host(email.domain());
    if (!host) return std::nullopt;
    return ascii::lower(email.local_part()) + "@" + *host;
}

std::optional<std::string> e164(std::string_view number) {
    if (number.size() > 4 && ascii::iequals(number.substr(0, 4), "tel:")) number.remove_prefix(4);
    std::string digits;
    for (const char c : number)
        if (std::string_view(" -./()").find(c) == std::string_view::npos) digits += c;
    const auto phone = Phone::parse(digits);
    if (!phone) return std::nullopt;
    return phone->str();
}

std::vector<StoredContact> contacts_of(const UserEdit& user, const std::vector<StoredContact>& before, bool may_verify, Timestamp now) {
    std::vector<StoredContact> rows;
    const auto add = [&](StoredContact row, bool verified) {
        const auto old = std::find_if(before.begin(), before.end(), [&](const StoredContact& b) { return b.kind == row.kind && b.canonical == row.canonical; });
        if (verified) row.verified_at = old == before.end() ? std::nullopt : old->verified_at;
        if (verified && !row.verified_at) {
            if (!may_verify) throw Refusal(verified_by_admin);
            row.verified_at = now;
        }
        rows.push_back(std::move(row));
    };
    const auto text = [](const auto& value) { return value ? std::optional<std::string>(value->str()) : std::nullopt; };
    for (const auto& email : user.emails)
        add({ContactKind::email, canonical_email(email.address).value(), email.address.str(), text(email.type), email.primary, {}}, email.verified);
    for (const auto& phone : user.phones)
        add({ContactKind::phone, canonical_phone(phone.number.view()), phone.number.str(), text(phone.type), phone.primary, {}}, phone.verified);
    return rows;
}

} // namespace gravity::user
