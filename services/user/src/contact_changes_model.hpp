#pragma once

#include "users_model.hpp"

#include <gravity/base/bytes.hpp>

/// Addresses that people say are theirs, until they show the code that was sent there.
namespace gravity::user {

using ContactChangeId = Id<"contact-change">;

struct NewEmailChange {
    Email address;
    std::optional<Email> replaces;
    std::optional<Text<1, 40>> type;
};
BOOST_DESCRIBE_STRUCT(NewEmailChange, (), (address, replaces, type))

struct NewPhoneChange {
    Phone number;
    std::optional<Phone> replaces;
    std::optional<Text<1, 40>> type;
};
BOOST_DESCRIBE_STRUCT(NewPhoneChange, (), (number, replaces, type))

/// The code is in the message alone, and its hash in the row.
struct ContactChange {
    ContactChangeId id;
    Version version;
    ContactKind kind{};
    std::string value;
    std::optional<std::string> replaces;
    std::int64_t attempts_left = 0;
    Timestamp created_at;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(ContactChange, (), (id, version, kind, value, replaces, attempts_left, created_at, expires_at))

/// What the columns of a row are beside it.
struct StoredChange : ContactChange {
    UserId user_id;
    std::string canonical;
    std::optional<std::string> type;
    std::optional<Bytes> code_hash;
};
BOOST_DESCRIBE_STRUCT(StoredChange, (ContactChange), (user_id, canonical, type, code_hash))

struct CodeShown {
    Text<1, 40> code;
};
BOOST_DESCRIBE_STRUCT(CodeShown, (), (code))

/// For whoever sends mail and text messages: the code is in it, and the address that is to be told of it.
struct ContactChangeRequested {
    static constexpr Event event{"gravity.user.contact_change.requested"};
    ContactChangeId id;
    UserId user_id;
    ContactKind kind{};
    std::string address;
    std::optional<std::string> replaces;
    std::string code;
    std::optional<Locale> locale;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(ContactChangeRequested, (), (id, user_id, kind, address, replaces, code, locale, expires_at))

/// `id`: the user.
struct EmailChanged {
    static constexpr Event event{"gravity.user.email.changed"};
    UserId id;
    std::string address;
    std::optional<std::string> replaced;
};
BOOST_DESCRIBE_STRUCT(EmailChanged, (), (id, address, replaced))

struct EmailVerified {
    static constexpr Event event{"gravity.user.email.verified"};
    UserId id;
    std::string address;
};
BOOST_DESCRIBE_STRUCT(EmailVerified, (), (id, address))

struct PhoneChanged {
    static constexpr Event event{"gravity.user.phone.changed"};
    UserId id;
    std::string number;
    std::optional<std::string> replaced;
};
BOOST_DESCRIBE_STRUCT(PhoneChanged, (), (id, number, replaced))

struct PhoneVerified {
    static constexpr Event event{"gravity.user.phone.verified"};
    UserId id;
    std::string number;
};
BOOST_DESCRIBE_STRUCT(PhoneVerified, (), (id, number))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::NewEmailChange> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"replaces", "One's own address that stays in force until the new one is confirmed, and then goes; without it the new one stands beside the others"}};
};
template <>
struct gravity::meta::docs<gravity::user::NewPhoneChange> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"replaces", "One's own number that stays in force until the new one is confirmed, and then goes; without it the new one stands beside the others"}};
};
template <>
struct gravity::meta::docs<gravity::user::ContactChange> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"value", "The new address or number"},
        {"attempts_left", "Codes that may still be shown; 0: it is over"},
    };
};

GRAVITY_TABLES(user, ContactChangeId, NewEmailChange, NewPhoneChange, ContactChange, StoredChange, CodeShown, ContactChangeRequested, EmailChanged,
               EmailVerified, PhoneChanged, PhoneVerified)
