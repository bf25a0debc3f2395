#include "base/domain_name.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/utf8.hpp>

namespace gravity {
namespace {

constexpr std::size_t least_email = 6; // a@b.cd: no domain's name ends in one letter

/// RFC 5322 section 3.2.3.
bool is_atext(char c) {
    return ascii::is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
    char before = '.';
    for (const char c : text) {
        if (c == '.' ? before == '.' : !is_atext(c)) return false;
        before = c;
    }
    return before != '.';
}

} // namespace

bool Email::accept(std::string_view in, std::string& out, std::string& why) {
    why = "must be an e-mail address such as ada@example.com";
    const std::size_t at = in.rfind('@');
    if (in.size() > 254 || at == std::string_view::npos) return false;
    const std::string_view local = in.substr(0, at);
    const std::string_view domain = in.substr(at + 1);
    if (local.size() > 64 || !is_dot_atom(local)) return false;

    std::string ascii_domain;
    if (!domain_name::to_ascii(domain, domain_name::Labels::hosts, ascii_domain)) return false;
    if (ascii_domain.find('.') == std::string::npos || local.size() + 1 + ascii_domain.size() > 254) return false;
    out = local;
    out += '@';
    if (utf8::is_ascii(domain)) {
        out += ascii_domain;
    } else {
        std::string unicode;
        if (!domain_name::to_unicode(domain, unicode)) return false;
        out += unicode;
    }
    return utf8::count(out) >= least_email; // as its description says
}

bool Phone::accept(std::string_view in, std::string& out, std::string& why) {
    why = "must be a phone number in E.164 form such as +493012345678";
    if (in.size() < 8 || in.size() > 16 || in[0] != '+' || in[1] == '0') return false;
    for (const char c : in.substr(1)) {
        if (!ascii::is_digit(c)) return false;
    }
    out = in;
    return true;
}

} // namespace gravity
