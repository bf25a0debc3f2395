#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <thread>
#include <vector>

/// When the machine stood still: moments at which not even a real-time thread was let run, as on a virtual machine whose host is busy with others. No
/// program on it can answer then, so a tail is worth reading with these moments and without them.
class MachinePauses {
public:
    using Clock = std::chrono::steady_clock;
    struct Span {
        Clock::time_point begin, end;
    };

    /// One watcher for each core, asleep but for a few microseconds of each millisecond.
    MachinePauses() {
        cpu_set_t allowed;
        ::sched_getaffinity(0, sizeof allowed, &allowed);
        for (int core = 0; core < CPU_SETSIZE; ++core)
            if (CPU_ISSET(core, &allowed)) watchers_.emplace_back([this, core] { watch(core); });
    }
    ~MachinePauses() {
        stop_ = true;
        for (auto& watcher : watchers_) watcher.join();
    }
    MachinePauses(const MachinePauses&) = delete;
    MachinePauses& operator=(const MachinePauses&) = delete;

    /// False where real-time priority is not permitted: then nothing can be said.
    bool known() const { return !refused_; }

    /// In order, without overlaps.
    std::vector<Span> spans() {
        const std::lock_guard lock(mutex_);
        return merged(spans_);
    }

    static std::vector<Span> merged(std::vector<Span> spans) {
        std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
        std::vector<Span> result;
        for (const Span& span : spans) {
            if (!result.empty() && span.begin <= result.back().end)
                result.back().end = std::max(result.back().end, span.end);
            else
                result.push_back(span);
        }
        return result;
    }

private:
    static constexpr std::chrono::microseconds rhythm{1000}, late{500};

    void watch(int core) {
        cpu_set_t own;
        CPU_ZERO(&own);
        CPU_SET(core, &own);
        const sched_param priority{1};
        if (::sched_setaffinity(0, sizeof own, &own) != 0 || ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &priority) != 0) {
            refused_ = true;
            return;
        }
        while (!stop_) {
            const auto due = Clock::now() + rhythm;
            std::this_thread::sleep_until(due);
            const auto now = Clock::now();
            if (now - due < late) continue;
            const std::lock_guard lock(mutex_);
            spans_.push_back({due, now});
        }
    }

    std::atomic<bool> stop_ = false, refused_ = false;
    std::mutex mutex_;
    std::vector<Span> spans_;
    std::vector<std::thread> watchers_;
};
