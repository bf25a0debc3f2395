#pragma once

#include <gravity/http/server.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/redis/client.hpp>

#include <cstdint>
#include <string_view>

namespace gravity::app {

/// What the kernel knows of this process (proc(5)).
struct ProcessFigures {
    double cpu_seconds = 0;
    double start_time_seconds = 0; // Unix time
    std::int64_t resident_bytes = 0;
    std::int64_t virtual_bytes = 0;
    std::int64_t open_fds = 0;
    std::int64_t max_fds = 0;
    std::int64_t threads = 0;
};
/// From the texts of /proc/self/stat and /proc/stat's `btime`. The rest is left at zero. Pure.
ProcessFigures parse_stat(std::string_view stat, std::int64_t boot_time, std::int64_t ticks_per_second, std::int64_t page_bytes);
/// Throws std::runtime_error where there is no /proc.
ProcessFigures read_process_figures();

/// Brings the gauges of the process and of pools and queues up to date; called when metrics are about to be read. Null: the service has none.
void collect_figures(const pg::Database* database, const redis::Client* redis, const http::Server* server);

} // namespace gravity::app
