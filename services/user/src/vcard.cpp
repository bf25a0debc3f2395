#include "vcard.hpp"

#include "users_domain.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::user {
namespace {

// Section 3.4: what separates values, and line ends, inside one.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n')
            out += "\\n";
        else if (c == ',' || c == ';' || c == '\\')
            out += std::string("\\") + c;
        else
            out += c;
    }
    return out;
}

class Card {
public:
    // Section 3.2: lines of at most 75 bytes, never cut inside of a character.
    void line(const std::string& text) {
        std::size_t begin = 0, room = 75;
        while (text.size() - begin > room) {
            std::size_t end = begin + room;
            while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
            out_ += text.substr(begin, end - begin) + "\r\n ";
            begin = end;
            room = 74; // behind the blank
        }
        out_ += text.substr(begin) + "\r\n";
    }
    void text(const std::string& name, std::string_view value) { line(name + ":" + escaped(value)); }
    template <class T>
    void maybe(const std::string& name, const std::optional<T>& value) {
        if (value) text(name, value->view());
    }
    std::string take() && { return std::move(out_); }

private:
    std::string out_;
};

// Parts of one value, those that are not known empty.
template <class... T>
std::string parts(const std::optional<T>&... values) {
    std::string all;
    bool first = true;
    ((all += (first ? "" : ";") + (values ? escaped(values->view()) : std::string()), first = false), ...);
    return all;
}

// Section 5.6: of the types that directories give, those that every reader knows.
std::string parameters(const std::optional<Text<1, 40>>& type, bool primary) {
    const std::string kind = type ? ascii::lower(type->view()) : "";
    return std::string(kind == "work" || kind == "home" ? ";TYPE=" + kind : "") + (primary ? ";PREF=1" : "");
}

std::string shown_name(const User& user) {
    if (user.profile && user.profile->display_name) return user.profile->display_name->str();
    if (user.profile && user.profile->name && user.profile->name->formatted) return user.profile->name->formatted->str();
    return user.handle.str();
}

void add_profile(Card& card, const Profile& profile) {
    if (profile.name) {
        const PersonName& name = *profile.name;
        card.line("N:" + parts(name.family_name, name.given_name, name.middle_name, name.honorific_prefix, name.honorific_suffix));
    }
    card.maybe("NICKNAME", profile.nick_name);
    card.maybe("TITLE", profile.title);
    if (profile.employment && profile.employment->organization)
        card.line("ORG:" + parts(profile.employment->organization, profile.employment->division, profile.employment->department));
    for (const PostalAddress& address : profile.addresses) { // section 6.3.1: the first two components stay empty
        const std::string place = parts(address.street_address, address.locality, address.region, address.postal_code, address.country);
        card.line("ADR" + parameters(address.type, address.primary) + ":;;" + place);
    }
    if (profile.profile_url) card.line("URL:" + profile.profile_url->str());
    if (profile.picture_url) card.line("PHOTO:" + profile.picture_url->str());
}

} // namespace

std::string vcard_of(const User& user) {
    Card card;
    card.line("BEGIN:VCARD");
    card.line("VERSION:4.0");
    card.line("UID:urn:uuid:" + user.id.to_string());
    card.text("FN", shown_name(user));
    if (user.profile) add_profile(card, *user.profile);
    for (const EmailEntry& email : user.emails) card.text("EMAIL" + parameters(email.type, email.primary), email.address.view());
    for (const PhoneEntry& phone : user.phones) {
        const std::string name = "TEL" + parameters(phone.type, phone.primary);
        if (const auto plain = e164(phone.number.view()))
            card.line(name + ";VALUE=uri:tel:" + *plain);
        else
            card.text(name, phone.number.view());
    }
    if (user.locale) card.line("LANG:" + user.locale->str());
    if (user.time_zone) card.line("TZ:" + user.time_zone->str());
    card.line("END:VCARD");
    return std::move(card).take();
}

} // namespace gravity::user
