#include "usage_intake.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/pg/database.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace gravity::project {

class UsageIntake::Seat {
public:
    Seat(LotPtr lot, std::vector<UsageEvent> events) : lot_(std::move(lot)), number_(lot_->reports.size()) {
        lot_->events += events.size();
        lot_->reports.push_back(std::move(events));
    }
    ~Seat() {
        if (lot_->begun) return;
        lot_->events -= lot_->reports[number_].size();
        lot_->reports[number_].clear();
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    bool done() const { return lot_->done; }
    const Recorded& recorded() const {
        if (lot_->failure) std::rethrow_exception(lot_->failure);
        return lot_->recorded[number_];
    }

private:
    const LotPtr lot_;
    const std::size_t number_;
};

UsageIntake::LotPtr UsageIntake::lot_with_room(const ProjectId& project, std::size_t events) {
    std::deque<LotPtr>& lots = waiting_[project];
    if (lots.empty() || lots.back()->events + events > most_at_once) lots.push_back(std::make_shared<Lot>());
    return lots.back();
}

Task<bool> UsageIntake::count_next(ProjectId project) {
    const auto waiting = waiting_.find(project);
    if (waiting == waiting_.end()) co_return true;
    const LotPtr lot = waiting->second.front();
    waiting->second.pop_front();
    if (waiting->second.empty()) waiting_.erase(waiting);
    lot->begun = true; // from here on the lot belongs to the transaction, on another thread
    pg::Run run;
    run.scope = pg::Scope::project(project, "service:project");
    run.deadline = lot->deadline;
    run.traceparent = lot->traceparent;
    std::function<void(Tx&)> work = [lot](Tx& tx) { lot->recorded = record_usage(tx, lot->reports, lot->plan); };
    try {
        co_await database_.run(std::move(run), std::move(work));
    } catch (...) {
        lot->failure = std::current_exception();
    }
    lot->done = true;
    co_return true;
}

Task<Recorded> UsageIntake::record(Ctx& ctx, ProjectId project, std::vector<UsageEvent> events, std::vector<PlanQuota> plan) {
    const LotPtr lot = lot_with_room(project, events.size());
    lot->plan = std::move(plan); // as it is now: that of all reports of the project
    lot->deadline = std::max(lot->deadline, ctx.deadline());
    if (lot->traceparent.empty()) lot->traceparent = ctx.traceparent();
    const Seat seat(lot, std::move(events));
    while (!seat.done()) { // the lots before this one are counted first, by whoever waits
        std::function<Task<bool>()> work = [this, project] { return count_next(project); };
        bool late = false;
        try {
            co_await flights_.run(project, std::move(work), ctx.deadline());
        } catch (const std::runtime_error&) { // what is counted fails in its lot, so it is the time
            late = true;
        }
        if (late) throw Refusal(problems::deadline_exceeded);
    }
    Recorded recorded = seat.recorded();
    co_return recorded;
}

} // namespace gravity::project
