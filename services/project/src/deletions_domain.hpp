#pragma once

#include "deletions_model.hpp"

#include <gravity/auth/signer.hpp>

/// Rules of deletions: pure.
namespace gravity::project {

/// Rows that an answer tells to have been there, but for what a service announces of the deletion itself: the announcement of one time is what the next finds.
std::int64_t rows_found(const PurgeAnswer& answer);

/// What an answer adds to what is known of a task.
void add_answer(DeletionTask& task, const PurgeAnswer& answer);

Deletion deletion_of(const Project& project, std::vector<DeletionTask> tasks);

/// A JWS of type `deletion-proof+jwt` over project, moments, and for each service the rows that it removed and when it confirmed that none is left.
std::string proof_of(const Deletion& deletion, const auth::Signer& signer);

} // namespace gravity::project
