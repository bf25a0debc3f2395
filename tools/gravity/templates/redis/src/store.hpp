#pragma once

#include "model.hpp"

#include <gravity/async/task.hpp>
#include <gravity/redis/client.hpp>

/// What is kept in Redis, at `@service@:<project>:<id>`. The keys are in store.cpp and nowhere else.
namespace gravity::@id@ {
Task<void> put(redis::Client& redis, ProjectId project, @Noun@ made);
Task<@Noun@> get(redis::Client& redis, ProjectId project, @Noun@Id id); // none: 404
Task<void> remove(redis::Client& redis, ProjectId project, @Noun@Id id);
} // namespace gravity::@id@
