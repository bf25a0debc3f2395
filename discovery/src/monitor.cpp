#include "monitor.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/json/json.hpp>
#include <gravity/log/init.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_waiting = 512; // lines
constexpr auto look_for_reader = 1s;
constexpr std::string_view own_fields[] = {"ts", "level", "service", "msg"};

std::string upper_of(log::Level level) {
    switch (level) {
    case log::Level::trace: return "[TRACE]";
    case log::Level::debug: return "[DEBUG]";
    case log::Level::info: return "[INFO] ";
    case log::Level::warn: return "[WARN] ";
    default: return "[ERROR]";
    }
}

std::string text_in(const Json& document, std::string_view name) {
    const Json* found = document.find(name);
    return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

// As go-hclog writes them: in quotes if they would not be one word.
std::string text_of(const Json& value) {
    if (!value.is_string()) return value.dump();
    const std::string& text = value.as_string();
    return text.empty() || text.find_first_of(" \t\r\n\"=") != std::string::npos ? value.dump() : text;
}

/// What the log's thread says and the connection's takes.
class Lines : public std::enable_shared_from_this<Lines> {
public:
    explicit Lines(boost::asio::io_context& io) : io_(io), alarm_(io) {}

    void add(std::string line) { // the log's thread
        {
            const std::lock_guard lock(mutex_);
            if (lines_.size() == most_waiting) {
                ++lost_;
                return;
            }
            lines_.push_back(std::move(line));
            if (lines_.size() > 1) return; // it has been woken
        }
        boost::asio::post(io_, [self = shared_from_this()] { self->alarm_.cancel(); });
    }

    /// What there is, after a while perhaps nothing.
    Task<std::string> take() {
        if (is_empty()) {
            alarm_.expires_after(look_for_reader);
            co_await alarm_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        }
        const std::lock_guard lock(mutex_);
        std::string text;
        for (const std::string& line : lines_) text += line + '\n';
        lines_.clear();
        if (lost_ > 0) text += std::to_string(lost_) + " lines were too many\n";
        lost_ = 0;
        co_return text;
    }

private:
    bool is_empty() {
        const std::lock_guard lock(mutex_);
        return lines_.empty();
    }

    boost::asio::io_context& io_;
    boost::asio::steady_timer alarm_;
    std::mutex mutex_;
    std::deque<std::string> lines_;
    std::size_t lost_ = 0;
};

} // namespace

std::optional<std::string> monitor_line(std::string_view line, const api::MonitorPlan& plan) {
    const auto document = Json::parse(line);
    if (!document || !document->is_object()) return std::nullopt;
    const std::string time = text_in(*document, "ts"), name = text_in(*document, "level"), module = text_in(*document, "service");
    const auto level = log::level_from(name);
    if (!level || *level < plan.level) return std::nullopt;
    Json shown = Json::object({{"@timestamp", time}, {"@level", name}, {"@module", module}, {"@message", text_in(*document, "msg")}});
    std::string text = time + ' ' + upper_of(*level) + ' ' + module + ": " + text_in(*document, "msg");
    bool first = true;
    for (const auto& [field, value] : document->as_object()) {
        if (std::find(std::begin(own_fields), std::end(own_fields), field) != std::end(own_fields)) continue;
        shown[field] = value;
        text += (first ? ": " : " ") + field + '=' + text_of(value);
        first = false;
    }
    return plan.json ? shown.dump() : text;
}

Task<void> follow_log(boost::asio::io_context& io, http::Exchange& exchange, api::MonitorPlan plan) {
    http::Headers headers;
    headers.add("Content-Type", plan.json ? "application/json" : "text/plain; charset=utf-8");
    if (exchange.request().method == http::Method::head) {
        const auto writer = co_await exchange.stream(200, std::move(headers), std::nullopt);
        co_await writer->finish();
        co_return;
    }
    // Before the head goes out: who has it may count on every line from then on.
    const auto lines = std::make_shared<Lines>(io);
    const log::Listener listener(plan.level, [lines, plan](std::string_view line) {
        if (auto shown = monitor_line(line, plan)) lines->add(*std::move(shown));
    });
    const auto writer = co_await exchange.stream(200, std::move(headers), std::nullopt);
    log::info("the log is followed", {{"client", exchange.request().peer_address}, {"from", log::to_string(plan.level)}});
    try {
        while (!exchange.client_gone() && !exchange.draining()) {
            const std::string text = co_await lines->take();
            if (!text.empty()) co_await writer->write(text);
        }
    } catch (const boost::system::system_error&) {
        co_return; // the client went: that is how this ends
    }
    if (!exchange.client_gone()) co_await writer->finish();
}

} // namespace gravity::registry
