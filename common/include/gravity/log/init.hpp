#pragma once

#include <gravity/log/log.hpp>

#include <functional>

/// Starting and ending the log: for `app` and tests. Code that only logs includes log.hpp.
namespace gravity::log {

/// Takes complete lines without the line feed; called on the background thread only. Must not log itself. One that
/// throws loses its line.
using Sink = std::function<void(std::string_view line)>;

struct Options {
    std::string service;
    Level level = Level::info;
    Sink sink;               // empty: standard output
    std::size_t queue = 512; // lines waiting to be written; the memory is taken at the start (about 400 bytes a line)
};

/// Whoever follows a running process: sees the lines of this level and above beside the sink, also those that the sink's own level keeps from it, from when
/// it is made to when it goes. `take` is called on the background thread; it must not log itself, nor wait.
class Listener {
public:
    Listener(Level level, Sink take);
    ~Listener(); // it is not called any more
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

private:
    friend struct Listeners;
    Level level_;
    Sink take_;
};

/// Starts the background thread. Before it, and after shutdown, lines go to standard output at once. Calling it again
/// writes out what waits and begins anew.
void init(Options options);
/// Returns when every line logged before by this thread is written, or after 5 s of a sink that does not take them
/// (false).
bool flush();
/// Writes out what waits and ends the background thread. Idempotent.
void shutdown();
/// Lines lost since the process started: the queue was full, or standard output refused them.
std::uint64_t dropped();

} // namespace gravity::log
