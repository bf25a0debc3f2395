#pragma once

#include "organizations_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/discovery/client.hpp>

/// Invitations: somebody of an e-mail address is asked to become a member, of an organisation or of a single project.
namespace gravity::project {

using InvitationId = Id<"invitation">;

struct NewInvitation {
    Email email;
    MemberRole role{};
    Bounded<int, 3'600, 2'592'000> expires_in_seconds{604'800};
};
BOOST_DESCRIBE_STRUCT(NewInvitation, (), (email, role, expires_in_seconds))

enum class InvitationState {
    open,
    accepted,
    revoked,
    expired
};
BOOST_DESCRIBE_ENUM(InvitationState, open, accepted, revoked, expired)

/// What is told of one, whatever it is to.
struct InvitationFacts {
    InvitationId id;
    Email email;
    MemberRole role{};
    InvitationState state{};
    std::string invited_by;
    Timestamp expires_at;
    std::optional<Timestamp> accepted_at;
    std::optional<std::string> accepted_by;
    std::optional<Timestamp> revoked_at;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(InvitationFacts, (),
                      (id, email, role, state, invited_by, expires_at, accepted_at, accepted_by, revoked_at, version, created_at, updated_at))

/// To an organisation.
struct Invitation : InvitationFacts {
    OrganizationId organization_id;
};
BOOST_DESCRIBE_STRUCT(Invitation, (InvitationFacts), (organization_id))
struct ProjectInvitation : InvitationFacts {
    ProjectId project_id;
};
BOOST_DESCRIBE_STRUCT(ProjectInvitation, (InvitationFacts), (project_id))

/// The answer to making one: the token is seen this once.
struct MadeInvitation : Invitation {
    std::string token;
};
BOOST_DESCRIBE_STRUCT(MadeInvitation, (Invitation), (token))
struct MadeProjectInvitation : ProjectInvitation {
    std::string token;
};
BOOST_DESCRIBE_STRUCT(MadeProjectInvitation, (ProjectInvitation), (token))

/// As it is stored: to an organisation or to a project, and never to both.
struct InvitationRow {
    InvitationId id;
    std::optional<OrganizationId> organization_id;
    std::optional<ProjectId> project_id;
    Email email;
    MemberRole role{};
    Bytes token_hash;
    std::string invited_by;
    Timestamp expires_at;
    std::optional<Timestamp> accepted_at;
    std::optional<std::string> accepted_by;
    std::optional<Timestamp> revoked_at;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(InvitationRow, (),
                      (id, organization_id, project_id, email, role, token_hash, invited_by, expires_at, accepted_at, accepted_by, revoked_at, version,
                       created_at, updated_at))

struct AcceptInvitation {
    Text<1, 200> token;
};
BOOST_DESCRIBE_STRUCT(AcceptInvitation, (), (token))

/// What an identity provider tells of the bearer of a token (OpenID Connect Core 1.0 section 5.3.2).
struct UserInfo {
    std::string sub;
    std::optional<std::string> email;
    std::optional<bool> email_verified;
};
BOOST_DESCRIBE_STRUCT(UserInfo, (), (sub, email, email_verified))

struct IdentityProvider {
    static constexpr discovery::Neighbour neighbour{.service = "auth", .port = 8081};
    static constexpr Call<UserInfo()> userinfo{http::Method::get, "/oauth2/userinfo", std::chrono::milliseconds{2'000}};
};

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::MadeInvitation> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"token", "What whoever is invited accepts it with; shown this once"}};
};
template <>
struct gravity::meta::docs<gravity::project::MadeProjectInvitation> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"token", "What whoever is invited accepts it with; shown this once"}};
};

GRAVITY_TABLES(project, InvitationId, NewInvitation, InvitationState, InvitationFacts, Invitation, ProjectInvitation, MadeInvitation, MadeProjectInvitation,
               InvitationRow, AcceptInvitation, UserInfo)
