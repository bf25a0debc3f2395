#include "jobs/running.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/trace/context.hpp>

#include <algorithm>

namespace gravity {

namespace {

const char* text_of(JobStopped::Why why) {
    switch (why) {
    case JobStopped::Why::cancelled: return "the job was cancelled";
    case JobStopped::Why::lost: return "the job belongs to another worker now";
    case JobStopped::Why::draining: return "the process ends";
    }
    return "";
}

} // namespace

JobStopped::JobStopped(Why reason) : std::runtime_error(text_of(reason)), why(reason) {}
JobPostponed::JobPostponed(std::chrono::seconds until_then) : std::runtime_error("the job was postponed"), pause(until_then) {}

namespace jobs {

Running::Running(Claimed job, pg::Database& store, const Resources& provided, std::chrono::milliseconds lease_time)
    : claimed(std::move(job)),
      lease{claimed.id, claimed.token},
      database(store),
      resources(provided),
      lease_seconds(std::chrono::duration<double>(lease_time).count()) {
    if (claimed.project) scope.project = claimed.project->to_string();
    const auto parent = trace::parse_traceparent(claimed.traceparent.value_or(""));
    if (!parent) return;
    span.emplace("job " + claimed.kind, trace::Kind::consumer, *parent);
    span->set("gravity.job.kind", claimed.kind);
    span->set("gravity.job.id", claimed.id.to_string());
    span->set("gravity.job.attempt", claimed.attempts);
    traceparent = trace::format_traceparent(span->context());
    scope.trace_id = span->context().trace_id_text();
    scope.span_id = span->context().span_id_text();
}

pg::Run Running::how() const {
    pg::Run run;
    run.scope = claimed.project ? pg::Scope::project(*claimed.project, claimed.caller) : pg::Scope::system("job " + claimed.kind);
    run.traceparent = traceparent;
    return run;
}

} // namespace jobs

JobId JobCtx::id() const { return running_->claimed.id; }
ProjectId JobCtx::project() const { return running_->claimed.project.value_or(ProjectId{}); }
int JobCtx::attempt() const { return running_->claimed.attempts; }
const std::string& JobCtx::traceparent() const { return running_->traceparent; }
const Resources& JobCtx::resources() const { return running_->resources; }
const Json* JobCtx::stored_checkpoint() const { return running_->claimed.checkpoint ? &*running_->claimed.checkpoint : nullptr; }
void JobCtx::set_result(Json result) { running_->result = std::move(result); }
void JobCtx::progress(double share) { running_->share = std::clamp(share, 0.0, 1.0); }
bool JobCtx::stopped() const { return running_->stop.has_value(); }
void JobCtx::check() const {
    if (running_->stop) throw JobStopped(*running_->stop);
}

Task<void> JobCtx::run(pg::WorkRef work, const std::optional<Json>* checkpoint) {
    check();
    const std::shared_ptr<jobs::Running> running = running_;
    const double share = running->share;
    std::function<void(Tx&)> fenced = [&](Tx& tx) {
        const log::ScopeGuard guard(running->scope);
        work(tx);
        jobs::Step step{running->lease_seconds, share, std::nullopt};
        if (checkpoint != nullptr) step.checkpoint = *checkpoint;
        const std::optional<bool> cancelled = tx.maybe(jobs::step_job, running->lease, step);
        if (!cancelled) throw JobStopped(JobStopped::Why::lost);
        if (*cancelled) throw JobStopped(JobStopped::Why::cancelled);
    };
    pg::Run how = running->how();
    co_await running->database.run(std::move(how), std::move(fenced));
}

} // namespace gravity
