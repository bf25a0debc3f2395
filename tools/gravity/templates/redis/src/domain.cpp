#include "domain.hpp"

#include "problems.hpp"

namespace gravity::@id@ {
@Noun@ make(New@Noun@ in, @Noun@Id id, Timestamp now) {
    if (in.name.view().starts_with('.')) throw Refusal(reserved_name);
    const Duration life = Duration::seconds(in.seconds);
    return {std::move(in), id, now + life};
}
} // namespace gravity::@id@
