#include "app/process_figures.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/log/log.hpp>
#include <gravity/metrics/metrics.hpp>
#include <gravity/trace/buffer.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace gravity::app {
namespace {

std::string read_file(const char* path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(std::string("cannot read ") + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::int64_t boot_time() { // does not change
    static const std::int64_t at = [] {
        const std::string stat = read_file("/proc/stat");
        const auto line = stat.find("btime ");
        return line == std::string::npos ? 0 : number(std::string_view(stat).substr(line + 6));
    }();
    return at;
}

void set(std::string_view name, std::string_view help, double value) { metrics::gauge(name, help).with({}).set(value); }

// A counter that is kept elsewhere: here it only follows.
void follow(std::string_view name, std::string_view help, double value) {
    const auto counter = metrics::counter(name, help).with({});
    if (const double more = value - counter.value(); more > 0) counter.add(more);
}

void collect_process() {
    ProcessFigures figures;
    try {
        figures = read_process_figures();
    } catch (const std::exception& error) {
        return log::debug("no figures of the process", {{"reason", error.what()}});
    }
    // Names and meanings are Prometheus's for every client library.
    follow("process_cpu_seconds_total", "Total user and system CPU time spent in seconds", figures.cpu_seconds);
    set("process_start_time_seconds", "Start time of the process since unix epoch in seconds", figures.start_time_seconds);
    set("process_resident_memory_bytes", "Resident memory size in bytes", static_cast<double>(figures.resident_bytes));
    set("process_virtual_memory_bytes", "Virtual memory size in bytes", static_cast<double>(figures.virtual_bytes));
    set("process_open_fds", "Number of open file descriptors", static_cast<double>(figures.open_fds));
    set("process_max_fds", "Maximum number of open file descriptors", static_cast<double>(figures.max_fds));
    set("process_threads", "Number of OS threads in the process", static_cast<double>(figures.threads));
}

} // namespace

ProcessFigures parse_stat(std::string_view stat, std::int64_t boot, std::int64_t ticks, std::int64_t page_bytes) {
    ProcessFigures figures;
    const auto name_end = stat.rfind(')'); // the name of the program may hold anything
    if (name_end == std::string_view::npos || ticks <= 0) return figures;
    const auto rest = ascii::trim(stat.substr(name_end + 1));
    std::vector<std::string_view> fields; // from the third of proc(5) on
    for (const auto field : ascii::split(rest, ' ')) fields.push_back(field);
    const auto field = [&fields](std::size_t n) { return n - 3 < fields.size() ? number(fields[n - 3]) : 0; };
    figures.cpu_seconds = static_cast<double>(field(14) + field(15)) / static_cast<double>(ticks);
    figures.threads = field(20);
    figures.start_time_seconds = static_cast<double>(boot) + static_cast<double>(field(22)) / static_cast<double>(ticks);
    figures.virtual_bytes = field(23);
    figures.resident_bytes = field(24) * page_bytes;
    return figures;
}

ProcessFigures read_process_figures() {
    ProcessFigures figures = parse_stat(read_file("/proc/self/stat"), boot_time(), ::sysconf(_SC_CLK_TCK), ::sysconf(_SC_PAGESIZE));
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    figures.open_fds = std::distance(std::filesystem::begin(descriptors), std::filesystem::end(descriptors)) - 1; // not the one that looks
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = static_cast<std::int64_t>(std::min<rlim_t>(limit.rlim_cur, INT64_MAX));
    return figures;
}

void collect_figures(const pg::Database* database, const redis::Client* redis, const http::Server* server) {
    collect_process();
    if (database != nullptr) {
        const auto stats = database->stats();
        auto& connections = metrics::gauge("gravity_pg_connections", "Database workers, each with its connection", {"state"});
        connections.with({"busy"}).set(stats.busy);
        connections.with({"idle"}).set(std::max(0, stats.connections - stats.busy));
        set("gravity_pg_queue", "Work waiting for a database connection", stats.queued);
        follow("gravity_pg_retries_total", "Transactions run again after a conflict", static_cast<double>(stats.retried));
        follow("gravity_pg_dropped_total", "Work dropped unrun: its caller had gone or its deadline had passed", static_cast<double>(stats.dropped));
    }
    if (redis != nullptr) {
        const auto stats = redis->stats();
        set("gravity_redis_connected", "Redis connections now usable", static_cast<double>(stats.connected));
        set("gravity_redis_pending", "Redis commands waiting or in flight", static_cast<double>(stats.pending));
        follow("gravity_redis_commands_total", "Redis commands answered", static_cast<double>(stats.commands));
        follow("gravity_redis_failed_total", "Redis commands that got no answer", static_cast<double>(stats.failed));
    }
    if (server != nullptr) {
        const auto counters = server->counters();
        set("gravity_http_connections", "Connections now open", static_cast<double>(counters.open_connections));
        follow("gravity_http_connections_total", "Connections accepted", static_cast<double>(counters.connections));
        follow("gravity_http_malformed_total", "Requests refused before they were understood", static_cast<double>(counters.malformed));
        follow("gravity_http_refused_total", "Connections refused over the limit", static_cast<double>(counters.refused));
        follow("gravity_http_timeouts_total", "Heads, bodies and answers that took too long", static_cast<double>(counters.timeouts));
    }
    if (const auto spans = trace::buffer()) {
        set("gravity_trace_spans_waiting", "Spans waiting to be exported", static_cast<double>(spans->size()));
        follow("gravity_trace_spans_dropped_total", "Spans that could not be exported", static_cast<double>(spans->dropped()));
    }
}

} // namespace gravity::app
