#pragma once

#include "draft.hpp"
#include "store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Steps that are larger than one transaction of a store that several daemons write. Pure.
///
/// `.large` is written under the daemon's lease, and while it is there no other transaction takes place. What the step writes is laid down in pieces at
/// `.piece/`. Then `.large` is written again, without a lease: from now on the step will be taken, whoever dies. The pieces are carried out, one transaction
/// after the other, and `.large` goes with the last. Daemons show what the step wrote when `.large` has gone, all of it, and nothing before.
namespace gravity::registry::shared {

inline constexpr std::string_view large_key = ".large", piece_prefix = ".piece/";

/// What `.large` says.
struct LargeStep {
    std::string owner;        // the daemon that began it
    std::uint64_t number = 0; // of its steps
    std::size_t pieces = 0;   // 0: it is being prepared, and may come to nothing
    std::size_t piece = 0;    // the next to be carried out,
    std::size_t row = 0;      // and of its writes the first that was not yet

    bool is_settled() const { return pieces != 0; }
    std::string text() const;
    /// What the keys of its pieces begin with.
    std::string place() const;
    std::string key_of(std::size_t which) const;
    friend bool operator==(const LargeStep&, const LargeStep&) = default;
};
/// Throws StoreError for what this release cannot read.
LargeStep large_step_in(std::string_view text);

/// The writes in pieces of about so many bytes; one that is larger stands alone.
std::vector<std::string> pieces_of(const std::map<std::string, std::optional<std::string>>& writes, std::size_t bytes);
/// Throws StoreError for what is no piece.
std::vector<Write> writes_in(std::string_view piece);

} // namespace gravity::registry::shared
