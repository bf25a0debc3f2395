#include <gravity/meta/refuse.hpp>

namespace gravity {

void refuse_if_any(const meta::Errors& errors, const Problem& problem) {
    if (errors.empty()) return;
    std::vector<Refusal::Fault> faults;
    for (const auto& item : errors.items()) faults.push_back({item.pointer, item.detail});
    throw Refusal(problem, errors.to_string()).with_faults(std::move(faults));
}

} // namespace gravity
