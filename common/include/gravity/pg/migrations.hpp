#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gravity::pg {

/// One numbered SQL file, compiled in by CMake (gravity_embed_migrations).
struct Migration {
    std::string_view name; // "0001_products"
    std::string_view sql;
};
using Migrations = std::span<const Migration>;

struct MigrationReport {
    int applied = 0; // by this call
    int present = 0; // in all, afterwards
};

/// Brings a database up to date: the platform's own tables (schema `gravity`), then `service`, in order, each file in a transaction of its own,
/// under one advisory lock held by one connection, so that replicas starting together do it once. Each file's SHA-256 is recorded; a file
/// that changed after it was applied, or that is recorded but unknown here (an older program on a newer database), is refused.
/// `url` belongs to the owner of the database; `runtime_role` (may be empty) gets the rights to the rows, nothing more.
/// Throws std::runtime_error with one clear line. Blocks.
MigrationReport migrate(const std::string& url, Migrations service, const std::string& runtime_role);

/// Names the state of the platform's own tables that this build makes.
std::string platform_fingerprint();

} // namespace gravity::pg
