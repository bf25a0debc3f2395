#pragma once

#include "deletions_model.hpp"

#include <gravity/jobs/job.hpp>

namespace gravity::pg {
class Database;
}

namespace gravity::project {

/// For what a job does in another project than its own. The database outlives it.
struct OwnDatabase {
    explicit OwnDatabase(pg::Database& own) : database(own) {}
    pg::Database& database;
};

/// Left every few minutes for the projects that one administers: begins what is due, asks who has not answered, and who has come since. What it has done lies
/// in the tables after each step, so it may end anywhere and be begun anew.
Task<void> delete_projects(JobCtx& job, DeleteProjects);

} // namespace gravity::project
