#include "outliers.hpp"

#include <algorithm>
#include <cmath>

namespace gravity::gateway {
namespace {

double share(std::uint64_t part, std::uint64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

/// By how many standard deviations the first share lies above the second, were both but chance (the test of two proportions).
double deviations(const InstanceRecord& one, const InstanceRecord& others) {
    const double pooled = share(one.failed + others.failed, one.answered + others.answered);
    const double spread = std::sqrt(pooled * (1 - pooled) * (1 / static_cast<double>(one.answered) + 1 / static_cast<double>(others.answered)));
    return spread == 0 ? 0 : (share(one.failed, one.answered) - share(others.failed, others.answered)) / spread;
}

} // namespace

std::vector<std::size_t> find_outliers(std::span<const InstanceRecord> instances, const OutlierRules& rules) {
    std::vector<std::size_t> in, found;
    for (std::size_t i = 0; i < instances.size(); ++i)
        if (!instances[i].out && instances[i].answered != 0) in.push_back(i);
    std::sort(in.begin(), in.end(), [&](std::size_t a, std::size_t b) {
        return share(instances[a].failed, instances[a].answered) > share(instances[b].failed, instances[b].answered);
    });
    std::size_t out = static_cast<std::size_t>(std::count_if(instances.begin(), instances.end(), [](const InstanceRecord& record) { return record.out; }));
    InstanceRecord others; // those that are not worse
    for (const std::size_t i : in) {
        others.answered += instances[i].answered;
        others.failed += instances[i].failed;
    }
    for (const std::size_t i : in) { // each against those behind it: a second bad one must not hide the first
        const InstanceRecord& one = instances[i];
        others.answered -= one.answered;
        others.failed -= one.failed;
        if ((out + 1) * 100 > instances.size() * rules.most_percent || others.answered < rules.least_requests) break;
        if (one.answered < rules.least_requests) continue;
        if (share(one.failed, one.answered) - share(others.failed, others.answered) < rules.least_difference || deviations(one, others) < rules.deviations)
            continue;
        found.push_back(i);
        ++out;
    }
    return found;
}

std::chrono::seconds time_out(std::uint32_t times, const OutlierRules& rules) { return std::min(rules.base * std::max(times, 1u), rules.cap); }

} // namespace gravity::gateway
