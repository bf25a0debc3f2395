#pragma once

#include <gravity/base/contact.hpp>
#include <gravity/model.hpp>

/// The people of a project.
namespace gravity::user {

using UserId = Id<"user">;

/// Who was erased is not there any more: nothing that is answered says so.
enum class UserState {
    invited,
    active,
    suspended,
    deactivated
};
BOOST_DESCRIBE_ENUM(UserState, invited, active, suspended, deactivated)

enum class FirstState {
    active,
    invited
};
BOOST_DESCRIBE_ENUM(FirstState, active, invited)

/// What somebody is called by everybody: a name of the PRECIS profile UsernameCaseMapped (RFC 8265 section 3.3) that UTS 39 takes for no mixture of scripts.
/// Kept as it was typed, in NFC; see handles.hpp for when two are one.
class Handle : public TextValue<Handle> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Handle>({.doc = "A name without white space; case does not count, nor what merely looks different", //
                                        .example = "\"ada\"",
                                        .min = 1,
                                        .max = 255});
    }
};

/// The `sub` of somebody's tokens: printable ASCII.
class Subject : public TextValue<Subject> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Subject>(
            {.pattern = "^[!-~]+$", .doc = "The subject of somebody's tokens", .example = "\"0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11\"", .min = 1, .max = 255});
    }
};

/// The parts of a name, and the whole as it is to be shown (RFC 7643 section 4.1.1).
struct PersonName {
    std::optional<Text<1, 500>> formatted;
    std::optional<Text<1, 200>> family_name;
    std::optional<Text<1, 200>> given_name;
    std::optional<Text<1, 200>> middle_name;
    std::optional<Text<1, 100>> honorific_prefix;
    std::optional<Text<1, 100>> honorific_suffix;
};
BOOST_DESCRIBE_STRUCT(PersonName, (), (formatted, family_name, given_name, middle_name, honorific_prefix, honorific_suffix))

struct PostalAddress {
    std::optional<Multiline<1, 1000>> formatted;
    std::optional<Multiline<1, 500>> street_address;
    std::optional<Text<1, 200>> locality;
    std::optional<Text<1, 200>> region;
    std::optional<Text<1, 40>> postal_code;
    std::optional<Text<1, 100>> country;
    std::optional<Text<1, 40>> type;
    Default<false> primary;
};
BOOST_DESCRIBE_STRUCT(PostalAddress, (), (formatted, street_address, locality, region, postal_code, country, type, primary))

/// RFC 7643 section 4.3.
struct Employment {
    std::optional<Text<1, 200>> employee_number;
    std::optional<Text<1, 200>> cost_center;
    std::optional<Text<1, 200>> organization;
    std::optional<Text<1, 200>> division;
    std::optional<Text<1, 200>> department;
    std::optional<Text<1, 255>> manager; // an id as it was given: it may be of a directory that nobody here has come from
};
BOOST_DESCRIBE_STRUCT(Employment, (), (employee_number, cost_center, organization, division, department, manager))

struct Profile {
    std::optional<PersonName> name;
    std::optional<Text<1, 200>> display_name;
    std::optional<Text<1, 200>> nick_name;
    std::optional<Text<1, 2048>> profile_url;
    std::optional<Text<1, 200>> title;
    std::optional<Text<1, 200>> user_type;
    std::optional<Text<1, 200>> preferred_language;
    std::vector<PostalAddress> addresses;
    std::optional<Employment> employment;
    std::optional<Url> picture_url;
};
BOOST_DESCRIBE_STRUCT(Profile, (), (name, display_name, nick_name, profile_url, title, user_type, preferred_language, addresses, employment, picture_url))
void check(const Profile& profile, meta::Errors& errors);

struct EmailEntry {
    Email address;
    std::optional<Text<1, 40>> type;
    Default<false> primary;
    Default<false> verified;
};
BOOST_DESCRIBE_STRUCT(EmailEntry, (), (address, type, primary, verified))

struct PhoneEntry {
    Text<1, 64> number;
    std::optional<Text<1, 40>> type;
    Default<false> primary;
    Default<false> verified;
};
BOOST_DESCRIBE_STRUCT(PhoneEntry, (), (number, type, primary, verified))

/// By the name of a profile schema of the project: what it lets through.
using CustomFields = std::map<std::string, Json, std::less<>>;

struct UserEdit {
    Handle handle;
    std::optional<Profile> profile;
    std::optional<Locale> locale;
    std::optional<TimeZone> time_zone;
    std::optional<Text<1, 255>> external_id;
    std::vector<EmailEntry> emails;
    std::vector<PhoneEntry> phones;
    CustomFields custom;
};
BOOST_DESCRIBE_STRUCT(UserEdit, (), (handle, profile, locale, time_zone, external_id, emails, phones, custom))
void check(const UserEdit& user, meta::Errors& errors);

/// What people may change of themselves.
struct OwnEdit {
    std::optional<Profile> profile;
    std::optional<Locale> locale;
    std::optional<TimeZone> time_zone;
    CustomFields custom;
};
BOOST_DESCRIBE_STRUCT(OwnEdit, (), (profile, locale, time_zone, custom))

struct NewUser : UserEdit {
    std::optional<Subject> subject;
    Default<FirstState::active> state;
};
BOOST_DESCRIBE_STRUCT(NewUser, (UserEdit), (subject, state))

struct User : UserEdit {
    UserId id;
    Version version;
    Subject subject;
    UserState state{};
    std::optional<Text<1, 500>> state_reason;
    std::string state_actor;
    Timestamp state_at;
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> deleted_at;
    std::optional<Timestamp> erase_at;
};
BOOST_DESCRIBE_STRUCT(User, (UserEdit), (id, version, subject, state, state_reason, state_actor, state_at, created_at, updated_at, deleted_at, erase_at))

struct ListUsers : PageQuery {
    std::optional<UserState> state;
    std::optional<Text<1, 255>> prefix;
    std::optional<Text<1, 255>> handle;
    std::optional<Email> email;
    std::optional<Text<2, 100>> name;
    std::optional<Uuid> group;
};
BOOST_DESCRIBE_STRUCT(ListUsers, (PageQuery), (state, prefix, handle, email, name, group))

/// A list as its statement wants it.
struct FindUsers : PageQuery {
    std::optional<UserState> state;
    std::optional<std::string> prefix_from; // keys from here, and before there
    std::optional<std::string> prefix_to;
    std::optional<std::string> handle_key;
    std::optional<std::string> email;
    std::optional<std::string> name;
    std::optional<Uuid> group;
};
BOOST_DESCRIBE_STRUCT(FindUsers, (PageQuery), (state, prefix_from, prefix_to, handle_key, email, name, group))

struct AsOf {
    std::optional<Timestamp> at;
};
BOOST_DESCRIBE_STRUCT(AsOf, (), (at))

struct Reason {
    Text<1, 500> reason;
};
BOOST_DESCRIBE_STRUCT(Reason, (), (reason))

enum class ContactKind {
    email,
    phone
};
BOOST_DESCRIBE_ENUM(ContactKind, email, phone)

struct StoredContact {
    ContactKind kind{};
    std::string canonical;
    std::string value;
    std::optional<std::string> type;
    bool primary = false;
    std::optional<Timestamp> verified_at;
};
BOOST_DESCRIBE_STRUCT(StoredContact, (), (kind, canonical, value, type, primary, verified_at))

/// What the columns of a row are beside the user.
struct StoredUser : User {
    std::string handle_key;
    std::string handle_skeleton;
};
BOOST_DESCRIBE_STRUCT(StoredUser, (User), (handle_key, handle_skeleton))

struct UserCreated {
    static constexpr Event event{"gravity.user.user.created"};
    UserId id;
    Subject subject;
    UserState state{};
};
BOOST_DESCRIBE_STRUCT(UserCreated, (), (id, subject, state))

struct UserUpdated {
    static constexpr Event event{"gravity.user.user.updated"};
    UserId id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(UserUpdated, (), (id, version))

/// For a change of state: who is meant by it in the tokens, for those that let them in.
struct UserActivated {
    static constexpr Event event{"gravity.user.user.activated"};
    UserId id;
    Subject subject;
};
BOOST_DESCRIBE_STRUCT(UserActivated, (), (id, subject))

struct UserSuspended {
    static constexpr Event event{"gravity.user.user.suspended"};
    UserId id;
    Subject subject;
};
BOOST_DESCRIBE_STRUCT(UserSuspended, (), (id, subject))

struct UserDeactivated {
    static constexpr Event event{"gravity.user.user.deactivated"};
    UserId id;
    Subject subject;
};
BOOST_DESCRIBE_STRUCT(UserDeactivated, (), (id, subject))

struct UserErased {
    static constexpr Event event{"gravity.user.user.erased"};
    UserId id;
};
BOOST_DESCRIBE_STRUCT(UserErased, (), (id))

} // namespace gravity::user

template <>
struct gravity::meta::docs<gravity::user::UserEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"handle", "No two people of a project have one that looks like another's"},
        {"external_id", "What another directory calls them; SCIM clients have names of their own for them beside it"},
        {"emails", "At most 20, one of them primary"},
        {"phones", "At most 20, one of them primary"},
        {"custom", "By the name of a profile schema, what it lets through"},
    };
};
template <>
struct gravity::meta::docs<gravity::user::Employment> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"manager", "The id of the manager, as whoever says so calls them"}};
};
template <>
struct gravity::meta::docs<gravity::user::EmailEntry> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"verified", "That it is theirs has been proved; to say so of one that was not takes users:admin"}};
};
template <>
struct gravity::meta::docs<gravity::user::PhoneEntry> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"number", "E.164 with or without what stands between digits, or as a directory has it"},
        {"verified", "Of numbers in E.164 form alone"}};
};
template <>
struct gravity::meta::docs<gravity::user::NewUser> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"subject", "The `sub` of their tokens; left out, it is their id"}};
};
template <>
struct gravity::meta::docs<gravity::user::ListUsers> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"prefix", "What handles begin with"},
        {"handle", "One handle, whatever its case"},
        {"email", "One e-mail address, whatever its case"},
        {"name", "A part of a name or handle, or what it is nearly: the nearest first, of the 500 who have most of its trigrams"},
        {"group", "Who is in this group, directly; the newest first by their ids"}};
};
template <>
struct gravity::meta::docs<gravity::user::AsOf> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"at", "As they were at this moment"}};
};
template <>
struct gravity::meta::docs<gravity::user::User> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"state_actor", "Whose doing the state is: the `sub` of a token"},
        {"deleted_at", "Since a directory deleted them; their handle is free for others"},
        {"erase_at", "When they are erased for that, unless they are restored before"}};
};

GRAVITY_TABLES(user, UserId, UserState, FirstState, Handle, Subject, PersonName, PostalAddress, Employment, Profile, EmailEntry, PhoneEntry, UserEdit, OwnEdit,
               NewUser,
               User, ListUsers, FindUsers, AsOf, Reason, ContactKind, StoredContact, StoredUser, UserCreated, UserUpdated, UserActivated, UserSuspended,
               UserDeactivated, UserErased)
