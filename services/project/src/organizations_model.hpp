#pragma once

#include <gravity/model.hpp>

/// Organisations, and who has a say in them.
namespace gravity::project {

using OrganizationId = Id<"organization">;

/// What a member may do; see members_domain.hpp.
enum class MemberRole {
    owner,
    admin,
    developer,
    viewer,
    billing
};
BOOST_DESCRIBE_ENUM(MemberRole, owner, admin, developer, viewer, billing)

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

struct OrganizationEdit {
    Slug slug;
    Text<1, 200> name;
};
BOOST_DESCRIBE_STRUCT(OrganizationEdit, (), (slug, name))
void check(const OrganizationEdit& organization, meta::Errors& errors);

struct Organization : OrganizationEdit {
    OrganizationId id;
    Version version;
    std::optional<Slug> plan; // whose limits its projects have
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Organization, (OrganizationEdit), (id, version, plan, created_at, updated_at))

struct ListOrganizations : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListOrganizations, (PageQuery), ())

struct MemberEdit {
    MemberRole role{};
};
BOOST_DESCRIBE_STRUCT(MemberEdit, (), (role))

struct NewMember : MemberEdit {
    Subject subject;
};
BOOST_DESCRIBE_STRUCT(NewMember, (MemberEdit), (subject))

struct Member : NewMember {
    OrganizationId organization_id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Member, (NewMember), (organization_id, version, created_at, updated_at))

struct MemberAdded {
    static constexpr Event event{"gravity.project.member.added"};
    OrganizationId organization_id;
    Subject subject;
    MemberRole role{};
};
BOOST_DESCRIBE_STRUCT(MemberAdded, (), (organization_id, subject, role))

struct MemberChanged {
    static constexpr Event event{"gravity.project.member.changed"};
    OrganizationId organization_id;
    Subject subject;
    MemberRole role{};
};
BOOST_DESCRIBE_STRUCT(MemberChanged, (), (organization_id, subject, role))

struct MemberRemoved {
    static constexpr Event event{"gravity.project.member.removed"};
    OrganizationId organization_id;
    Subject subject;
};
BOOST_DESCRIBE_STRUCT(MemberRemoved, (), (organization_id, subject))

} // namespace gravity::project

GRAVITY_TABLES(project, OrganizationId, MemberRole, Subject, OrganizationEdit, Organization, ListOrganizations, MemberEdit, NewMember, Member, MemberAdded,
               MemberChanged, MemberRemoved)
