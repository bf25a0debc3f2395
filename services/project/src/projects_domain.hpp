#pragma once

#include "projects_model.hpp"

/// The life of a project: pure. A refusal is thrown. Each tells whether it changed anything: who asks twice gets the same answer and no second event.
namespace gravity::project {

bool suspend(Project& project, Timestamp now);
bool resume(Project& project);
bool request_deletion(Project& project, Timestamp now, int undo_days);
/// It goes to nobody else while it is to be deleted.
void check_stays(const Project& project);
/// Nothing is changed any more of one whose data is being deleted.
void check_not_deleted(const Project& project);
/// To what it was: one that was suspended is so again.
void restore(Project& project, Timestamp now);

} // namespace gravity::project
