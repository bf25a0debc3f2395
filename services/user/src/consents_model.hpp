#pragma once

#include "users_model.hpp"

/// What people agreed to, and took back.
namespace gravity::user {

using ConsentId = Id<"consent">;

/// What it is that is agreed to: `newsletter`.
using Purpose = Slug;

/// SHA-256 in hexadecimal.
class TextHash : public TextValue<TextHash> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<TextHash>({.pattern = "^[0-9a-f]{64}$",
                                          .doc = "SHA-256 of a text in UTF-8, hexadecimal",
                                          .example = "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
                                          .min = 64,
                                          .max = 64});
    }
};

struct NewConsentText {
    Purpose purpose;
    Text<1, 100> label;
    Locale language;
    Multiline<1, 100'000> text;
};
BOOST_DESCRIBE_STRUCT(NewConsentText, (), (purpose, label, language, text))

struct ConsentText : NewConsentText {
    TextHash sha256;
    Version version; // the first: a text is not changed
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(ConsentText, (NewConsentText), (sha256, version, created_at))

/// As a list has it: the text is read by its hash.
struct ConsentTextSummary {
    TextHash sha256;
    Purpose purpose;
    Text<1, 100> label;
    Locale language;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(ConsentTextSummary, (), (sha256, purpose, label, language, created_at))

struct ListConsentTexts : PageQuery {
    std::optional<Purpose> purpose;
    std::optional<Locale> language;
};
BOOST_DESCRIBE_STRUCT(ListConsentTexts, (PageQuery), (purpose, language))

/// How it came about, as whoever asked says it; with who sent the request it is what can be shown later.
struct Evidence {
    Text<1, 100> source;
    std::optional<Multiline<1, 2000>> detail;
    std::optional<Text<1, 100>> ip_address;
    std::optional<Text<1, 500>> user_agent;
};
BOOST_DESCRIBE_STRUCT(Evidence, (), (source, detail, ip_address, user_agent))

struct NewConsent {
    TextHash text_sha256;
    Evidence evidence;
};
BOOST_DESCRIBE_STRUCT(NewConsent, (), (text_sha256, evidence))

struct Withdrawal {
    std::optional<Evidence> evidence;
};
BOOST_DESCRIBE_STRUCT(Withdrawal, (), (evidence))

struct Consent {
    ConsentId id;
    Version version;
    UserId user_id;
    Purpose purpose;
    TextHash text_sha256;
    Timestamp given_at;
    std::optional<Evidence> evidence;
    std::string actor;
    std::optional<Timestamp> withdrawn_at;
    std::optional<Evidence> withdrawal;
    std::optional<std::string> withdrawn_by;
    std::optional<ConsentId> replaced_by;
};
BOOST_DESCRIBE_STRUCT(Consent, (), (id, version, user_id, purpose, text_sha256, given_at, evidence, actor, withdrawn_at, withdrawal, withdrawn_by, replaced_by))

struct ListConsents : PageQuery {
    std::optional<UserId> user_id;
    std::optional<Purpose> purpose;
    std::optional<bool> in_force;
};
BOOST_DESCRIBE_STRUCT(ListConsents, (PageQuery), (user_id, purpose, in_force))

struct ListOwnConsents : PageQuery {
    std::optional<Purpose> purpose;
    std::optional<bool> in_force;
};
BOOST_DESCRIBE_STRUCT(ListOwnConsents, (PageQuery), (purpose, in_force))

struct ConsentGiven {
    static constexpr Event event{"gravity.user.consent.given"};
    ConsentId id;
    UserId user_id;
    Purpose purpose;
    TextHash text_sha256;
};
BOOST_DESCRIBE_STRUCT(ConsentGiven, (), (id, user_id, purpose, text_sha256))

struct ConsentWithdrawn {
    static constexpr Event event{"gravity.user.consent.withdrawn"};
    ConsentId id;
    UserId user_id;
    Purpose purpose;
};
BOOST_DESCRIBE_STRUCT(ConsentWithdrawn, (), (id, user_id, purpose))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::NewConsentText> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"label", "What this version of the text is called: \"2026-11\""},
        {"text", "Word for word; line ends are brought to \\n and characters to NFC, and the hash is of that"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::Evidence> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"source", "Where it was said: web, app, paper, telephone"},
        {"detail", "What else shows it: the form, the page, who took the call"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::Consent> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"actor", "Who sent the request: their user's id where it is their own, else the `sub` of the token"},
        {"withdrawn_at", "Since when it does not hold any more"},
        {"replaced_by", "The consent to another text for the same purpose, which this one ended with: nothing was taken back then"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::ListConsents> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"in_force", "Those that hold (true), or that do not any more (false)"}};
};

GRAVITY_TABLES(user, ConsentId, TextHash, NewConsentText, ConsentText, ConsentTextSummary, ListConsentTexts, Evidence, NewConsent, Withdrawal, Consent,
               ListConsents, ListOwnConsents, ConsentGiven, ConsentWithdrawn)
