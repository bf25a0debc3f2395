#pragma once

#include "organizations_model.hpp"

/// Members of single projects: who has a say in one without having it in all of its organisation's.
namespace gravity::project {

struct ProjectMember : NewMember {
    ProjectId project_id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(ProjectMember, (NewMember), (project_id, version, created_at, updated_at))

/// A project that somebody has left, and whose it is.
struct LeftProject {
    ProjectId project_id;
    OrganizationId organization_id;
};
BOOST_DESCRIBE_STRUCT(LeftProject, (), (project_id, organization_id))

struct ProjectMemberAdded {
    static constexpr Event event{"gravity.project.project_member.added"};
    ProjectId project_id;
    OrganizationId organization_id;
    Subject subject;
    MemberRole role{};
};
BOOST_DESCRIBE_STRUCT(ProjectMemberAdded, (), (project_id, organization_id, subject, role))

struct ProjectMemberChanged {
    static constexpr Event event{"gravity.project.project_member.changed"};
    ProjectId project_id;
    OrganizationId organization_id;
    Subject subject;
    MemberRole role{};
};
BOOST_DESCRIBE_STRUCT(ProjectMemberChanged, (), (project_id, organization_id, subject, role))

struct ProjectMemberRemoved {
    static constexpr Event event{"gravity.project.project_member.removed"};
    ProjectId project_id;
    OrganizationId organization_id;
    Subject subject;
};
BOOST_DESCRIBE_STRUCT(ProjectMemberRemoved, (), (project_id, organization_id, subject))

} // namespace gravity::project

GRAVITY_TABLES(project, ProjectMember, LeftProject, ProjectMemberAdded, ProjectMemberChanged, ProjectMemberRemoved)
