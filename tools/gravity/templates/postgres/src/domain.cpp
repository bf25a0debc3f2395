#include "domain.hpp"

#include "problems.hpp"

namespace gravity::@id@ {
void check_deletable(const @Noun@& found) {
    if (found.locked) throw Refusal(is_locked);
}
} // namespace gravity::@id@
