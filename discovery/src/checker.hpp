#pragma once

#include "engine.hpp"
#include "probe.hpp"

#include <map>
#include <memory>
#include <string>

namespace gravity::registry {

/// Runs the checks that were registered here and look at something: a coroutine each, from registration until the check goes or changes. I/O thread only.
class Checker {
public:
    Checker(boost::asio::io_context& io, Engine& engine, Scripts scripts);
    ~Checker();

    /// Follows the model; also called for every row at the start.
    void on_change(const ChangeOf<Check>& change);
    /// Whose the checks are has changed (Engine::runs): begins and ends what is to be.
    void review();
    void stop(); // all of them
    std::size_t running() const { return jobs_.size(); }

private:
    struct Job;
    struct Shared;
    void begin(const Check& check);
    static Task<void> work(std::shared_ptr<Shared> shared, std::shared_ptr<Job> job);

    std::shared_ptr<Shared> shared_;
    std::map<std::string, std::shared_ptr<Job>> jobs_;
};

} // namespace gravity::registry
