#include "jobs/verdict.hpp"

#include <gravity/base/problem.hpp>
#include <gravity/jobs/job.hpp>
#include <gravity/resilience/backoff.hpp>

#include <chrono>

namespace gravity::jobs {
namespace {

using namespace std::chrono_literals;

constexpr auto backoff_base = 1s;
constexpr auto backoff_cap = 10min;

// The same input gets the same answer next time, but for these: somebody else was in the way.
bool final(const Problem& problem) {
    const int status = problem.status;
    return status >= 400 && status < 500 && status != 408 && status != 409 && status != 412 && status != 429;
}

JobError error_of(const Problem& problem, const std::string& detail) {
    JobError error{problem_type(problem.slug), std::string(problem.title), std::nullopt};
    if (!detail.empty()) error.detail = detail;
    return error;
}

} // namespace

std::optional<Outcome> verdict_on(const std::exception_ptr& failure, int attempt, int max_attempts, Timestamp now, std::uint64_t random) {
    Outcome outcome;
    outcome.now = now;
    outcome.due = now;
    bool give_up = attempt >= max_attempts;
    try {
        std::rethrow_exception(failure);
    } catch (const JobStopped& stopped) {
        if (stopped.why == JobStopped::Why::lost) return std::nullopt;
        if (stopped.why == JobStopped::Why::cancelled) outcome.state = JobState::cancelled;
        outcome.counted = false;
        return outcome;
    } catch (const JobPostponed& postponed) {
        outcome.due = now + Duration::seconds(postponed.pause.count());
        outcome.counted = false;
        return outcome;
    } catch (const Refusal& refusal) {
        give_up = give_up || final(refusal.problem());
        outcome.error = error_of(refusal.problem(), refusal.detail());
        outcome.last_error = refusal.what();
    } catch (const std::exception& error) { // its text is for the operator, not for the owner
        outcome.error = error_of(problems::internal, "");
        outcome.last_error = error.what();
    } catch (...) {
        outcome.error = error_of(problems::internal, "");
        outcome.last_error = "an exception of an unknown type";
    }
    if (give_up) {
        outcome.state = JobState::failed;
        return outcome;
    }
    outcome.error.reset();
    const auto pause = resilience::full_jitter(backoff_base, backoff_cap, static_cast<std::uint32_t>(attempt - 1), random);
    outcome.due = now + Duration::microseconds(std::chrono::duration_cast<std::chrono::microseconds>(pause).count());
    return outcome;
}

} // namespace gravity::jobs
