#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/time.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gravity::app {

/// What /health/ready tells: probes that were run in the background, each with its reason (application/health+json). I/O thread only.
/// Liveness asks none of them.
class Health {
public:
    /// Nothing if all is well, else one clause.
    using Probe = std::function<Task<std::optional<std::string>>()>;
    enum class Kind : unsigned char {
        required, // failing: not ready
        optional  // failing: ready, with a warning
    };

    void add(std::string name, Kind kind, Probe probe);
    /// Runs every probe once; each failing probe's exception counts as its reason.
    Task<void> run_probes();

    /// Not ready until set, and no longer when draining: the reason, or empty.
    void set_blocked(std::string reason) { blocked_ = std::move(reason); }
    bool ready() const;
    /// Why not ready; empty if ready.
    std::string reason() const;
    std::string document(std::string_view service, std::string_view version) const;

private:
    struct Entry {
        std::string name;
        Kind kind;
        Probe probe;
        std::optional<std::string> failure{"not looked at yet"};
        Timestamp at{};
    };
    std::vector<Entry> entries_;
    std::string blocked_ = "starting";
};

} // namespace gravity::app
