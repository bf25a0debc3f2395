#pragma once

#include "model.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Everything of a model in one file: a line that says what it is, the pairs of layout.hpp with their lengths, and a SHA-256 of all that. Pure.
namespace gravity::registry {

struct SnapshotError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Snapshot {
    std::vector<Change> rows; // each with a row
    std::int64_t index = 0;   // of the last change before it was taken
};

/// Without the settings, which are of this daemon and not of what it keeps.
std::string write_snapshot(const Model& model);
/// Throws SnapshotError for what is cut off, damaged, of another kind, or no registry: rows under keys of others, instances without their node.
Snapshot read_snapshot(std::string_view file);

} // namespace gravity::registry
