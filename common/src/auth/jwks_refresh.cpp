#include <gravity/auth/jwks_refresh.hpp>

#include <algorithm>

namespace gravity::auth {

bool JwksRefresh::unknown_key(Duration now) {
    if (running_ || now >= due_) return true; // one is on its way, or about to be
    if (last_unknown_.is_set() && now < last_unknown_ + unknown_interval) return false;
    last_unknown_ = now;
    due_ = now;
    return true;
}

bool JwksRefresh::start(Duration now) {
    if (running_ || now < due_) return false;
    running_ = true;
    return true;
}

void JwksRefresh::finished(bool ok, Duration now) {
    running_ = false;
    if (ok) {
        failures_ = 0;
        last_success_ = now;
        due_ = now + interval;
        return;
    }
    const Duration most = last_success_.is_set() ? last_retry : first_keys;
    due_ = now + std::min(first_retry * (std::int64_t{1} << std::min(failures_, 16U)), most);
    ++failures_;
}

bool JwksRefresh::too_old(Duration now) const { return last_success_.is_set() && now >= last_success_ + keep; }

std::optional<Duration> JwksRefresh::wait(Duration now) const {
    if (running_) return std::nullopt;
    Duration next = due_;
    if (last_success_.is_set() && !too_old(now)) next = std::min(next, last_success_ + keep);
    return std::max(next - now, Duration::zero());
}

} // namespace gravity::auth
