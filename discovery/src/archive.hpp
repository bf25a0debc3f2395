#pragma once

#include <cstdint>
#include <string>

/// A snapshot as Consul's own tools take and check it: a gzip'd tar of `meta.json`, `state.bin` and `SHA256SUMS`, which has the digests of both. The state is
/// what snapshot.hpp writes. Pure; costs CPU.
namespace gravity::registry {

/// `index`: of the last change in it. `taken_at`: Unix seconds.
std::string pack_archive(const std::string& state, std::int64_t index, std::int64_t taken_at);
/// The state in an archive; a file that is none is taken for a state. Throws SnapshotError for one that is damaged, or whose state is longer than `limit`.
std::string unpack_archive(std::string file, std::size_t limit);

} // namespace gravity::registry
