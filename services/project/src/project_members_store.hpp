#pragma once

#include "project_members_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of members of single projects, by name. Their text is in project_members_store.cpp and nowhere else.
namespace gravity::project {

/// The strongest role that somebody has in a project: that in its organisation, or one in it alone.
extern const Sql<MemberRole(ProjectId, std::string)> role_in_project;
extern const Sql<ProjectMember(ProjectMember)> insert_project_member, save_project_member;
extern const Sql<ProjectMember(ProjectId, Subject)> get_project_member;
extern const Sql<ProjectMember(PageQuery, ProjectId)> list_project_members;
extern const Sql<void(ProjectId, Subject)> delete_project_member;

} // namespace gravity::project
