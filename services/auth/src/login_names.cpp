#include "login_names.hpp"

#include "unicode.hpp"

#include <gravity/base/contact.hpp>
#include <gravity/base/utf8.hpp>

#include <set>

namespace gravity::issuer {
namespace {

constexpr std::size_t most_names = 10;

Parsed<std::string> canonical_email(std::string_view value) {
    const auto email = Email::parse(value);
    if (!email) return ParseError{email.why()};
    const auto host = unicode::ascii_host(email->domain());
    if (!host) return ParseError{"must be an e-mail address such as ada@example.com"};
    return unicode::nfkc_casefold(email->local_part()) + "@" + *host;
}

Parsed<std::string> canonical_phone(std::string_view value) {
    std::string digits;
    for (const char c : value)
        if (std::string_view(" -./()").find(c) == std::string_view::npos) digits += c;
    const auto phone = Phone::parse(digits);
    if (!phone) return ParseError{phone.why()};
    return phone->str();
}

Parsed<std::string> canonical_username(std::string_view value) {
    std::string folded = unicode::nfkc_casefold(value);
    if (folded.empty() || utf8::count(folded) > 64 || folded.front() == '+' || folded.find('@') != std::string::npos || !unicode::is_one_word(folded))
        return ParseError{"must be one word of 1 to 64 characters with no @ in it and no + before it"};
    return folded;
}

} // namespace

Parsed<std::string> canonical_name(LoginKind kind, std::string_view value) {
    switch (kind) {
    case LoginKind::email: return canonical_email(value);
    case LoginKind::phone: return canonical_phone(value);
    case LoginKind::username: break;
    }
    return canonical_username(value);
}

LoginKind kind_of(std::string_view text) {
    if (text.find('@') != std::string_view::npos) return LoginKind::email;
    return text.starts_with('+') ? LoginKind::phone : LoginKind::username;
}

std::optional<NameSought> sought(std::string_view text) {
    const LoginKind kind = kind_of(text);
    auto canonical = canonical_name(kind, text);
    if (!canonical) return std::nullopt;
    return NameSought{kind, *std::move(canonical)};
}

void check(const IdentityEdit& identity, meta::Errors& errors) {
    if (identity.login_names.size() > most_names) return errors.reject("login_names", "must have at most 10 items");
    meta::Errors::Step names(errors, "login_names");
    std::set<std::pair<LoginKind, std::string>> seen;
    for (std::size_t i = 0; i < identity.login_names.size(); ++i) {
        const LoginName& name = identity.login_names[i];
        meta::Errors::Step at(errors, i);
        const auto canonical = canonical_name(name.kind, name.value.view());
        if (!canonical)
            errors.reject("value", canonical.why());
        else if (!seen.emplace(name.kind, *canonical).second)
            errors.reject("value", "is there twice");
    }
}

std::vector<StoredName> stored(const std::vector<LoginName>& names) {
    std::vector<StoredName> rows;
    for (const LoginName& name : names) rows.push_back({name.kind, canonical_name(name.kind, name.value.view()).or_throw(), name.value.str()});
    return rows;
}

std::vector<std::string> words_of(const std::vector<LoginName>& names) {
    std::vector<std::string> words;
    for (const LoginName& name : names) {
        words.push_back(name.value.str());
        if (name.kind == LoginKind::email) words.push_back(name.value.str().substr(0, name.value.str().rfind('@')));
    }
    return words;
}

} // namespace gravity::issuer
