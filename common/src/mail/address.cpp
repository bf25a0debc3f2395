#include "base/domain_name.hpp"
#include "mail/line.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/mail/address.hpp>

namespace gravity::mail {
namespace {

constexpr std::size_t longest_local = 64, longest_address = 254; // RFC 5321 section 4.5.3.1
constexpr std::size_t longest_name = 100;

// RFC 5322 section 3.2.3, and what RFC 6531 section 3.3 adds to it.
bool is_atext(char c) {
    return static_cast<unsigned char>(c) >= 0x80 || ascii::is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view text) {
    char before = '.';
    for (const char c : text) {
        if (c == '.' ? before == '.' : !is_atext(c)) return false;
        before = c;
    }
    return before != '.';
}

// As people write it, in quotes or not.
std::string unquoted(std::string_view name) {
    if (name.size() < 2 || name.front() != '"' || name.back() != '"') return std::string(name);
    name.remove_prefix(1);
    name.remove_suffix(1);
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '\\' && i + 1 < name.size()) ++i;
        out += name[i];
    }
    return out;
}

} // namespace

Parsed<Address> Address::parse(std::string_view text) {
    const ParseError bad{"must be an e-mail address such as ada@example.com"};
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || text.size() > 4 * longest_address || !is_line(text)) return bad;
    Address address;
    address.local = text.substr(0, at);
    if (address.local.size() > longest_local || !is_dot_string(address.local)) return bad;
    if (!domain_name::to_ascii(text.substr(at + 1), domain_name::Labels::hosts, address.domain)) return bad;
    if (address.local.size() + 1 + address.domain.size() > longest_address) return bad;
    return address;
}

bool Address::ascii() const { return utf8::is_ascii(local); }

Parsed<Mailbox> Mailbox::parse(std::string_view text) {
    text = ascii::trim(text);
    const std::size_t open = text.rfind('<');
    const bool named = open != std::string_view::npos && text.ends_with('>');
    auto address = Address::parse(named ? text.substr(open + 1, text.size() - open - 2) : text);
    if (!address) return ParseError{"must be an e-mail address such as ada@example.com, or Ada Lovelace <ada@example.com>"};
    Mailbox mailbox;
    mailbox.address = *std::move(address);
    if (named) mailbox.name = unquoted(ascii::trim(text.substr(0, open)));
    if (mailbox.name.size() > longest_name || !is_line(mailbox.name)) return ParseError{"must have a name of one line and 100 bytes at most"};
    return mailbox;
}

} // namespace gravity::mail
