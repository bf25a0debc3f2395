#include <gravity/base/encoding.hpp>
#include <gravity/base/problem.hpp>

namespace gravity {

Refusal& Refusal::with(std::string_view name, std::string_view text) & {
    Member member{std::string(name), {}};
    append_json_string(member.json, text);
    members_.push_back(std::move(member));
    return *this;
}

Refusal& Refusal::with(std::string_view name, std::int64_t number) & {
    members_.push_back({std::string(name), std::to_string(number)});
    return *this;
}

Refusal& Refusal::with_faults(std::vector<Fault> faults) & {
    faults_ = std::move(faults);
    return *this;
}

Refusal& Refusal::with_header(std::string name, std::string value) & {
    headers_.emplace_back(std::move(name), std::move(value));
    return *this;
}

std::string problem_type(std::string_view slug) { return "urn:gravity:problem:" + std::string(slug); }

} // namespace gravity
