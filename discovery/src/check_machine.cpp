#include "check_machine.hpp"

#include <algorithm>
#include <limits>

namespace gravity::registry {

std::optional<ProbeResult> CheckMachine::next(ProbeResult seen, const Check& current, std::int64_t now_us) {
    const auto count = [](int& n) {
        if (n < std::numeric_limits<int>::max()) ++n;
    };
    std::optional<Status> status;
    if (seen.status != Status::critical) {
        failures_ = 0;
        count(successes_);
        if (successes_ >= definition_.success_before_passing) status = seen.status;
    } else {
        successes_ = 0;
        count(failures_);
        // Unset, the warning comes no earlier than the critical state, that is never.
        const int warn_at = definition_.failures_before_warning != 0 ? definition_.failures_before_warning : definition_.failures_before_critical;
        if (failures_ >= definition_.failures_before_critical)
            status = Status::critical;
        else if (failures_ >= warn_at)
            status = Status::warning;
    }
    if (!status) return std::nullopt;
    const bool output_is_due = !written_at_ || now_us - *written_at_ >= output_interval_us;
    if (*status == current.status && (seen.output == current.output || !output_is_due)) return std::nullopt;
    written_at_ = now_us;
    seen.status = *status;
    return seen;
}

} // namespace gravity::registry
