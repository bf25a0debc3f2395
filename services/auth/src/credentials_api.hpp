#pragma once

#include "credentials_model.hpp"

#include <gravity/base/network.hpp>
#include <gravity/handlers.hpp>

/// Handlers of credentials.
namespace gravity::issuer {

struct PasswordQuestion {
    Text<1, 254> login_name;
    Secret<> password;
    IpAddress address;
    std::optional<Text<1, 64>> code;
};
BOOST_DESCRIBE_STRUCT(PasswordQuestion, (), (login_name, password, address, code))

struct PasswordAnswer {
    bool verified = false;
    bool code_needed = false;
    std::optional<IdentityId> identity_id;
};
BOOST_DESCRIBE_STRUCT(PasswordAnswer, (), (verified, code_needed, identity_id))

} // namespace gravity::issuer

namespace gravity::issuer::credentials {

Task<Created<Credential>> create(Ctx& ctx, Body<NewCredential> in);
Page<Credential> list(Tx& tx, Params<ListCredentials> query);
Credential get(Tx& tx, Path<"id", CredentialId> id);
NoContent remove(Tx& tx, Path<"id", CredentialId> id, IfMatch expected);

Task<PasswordAnswer> check_password(Ctx& ctx, Body<PasswordQuestion> in);

} // namespace gravity::issuer::credentials

template <>
struct gravity::meta::docs<gravity::issuer::PasswordQuestion> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"login_name", "E-mail address, phone number or user name, as it was typed"},
        {"address", "Address of who typed it: failures are counted by network"},
        {"code", "Of the identity's app, or one of its recovery codes, once the person has been asked for it"},
    };
};
template <>
struct gravity::meta::docs<gravity::issuer::PasswordAnswer> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"verified", "The identity is active, this is its password, and the code its app's if it has one"},
        {"code_needed", "The password is right, and the identity has a second factor: a code of its app is needed too, or one of recovery"},
        {"identity_id", "Only if it is"},
    };
};

GRAVITY_TABLES(issuer, PasswordQuestion, PasswordAnswer)
