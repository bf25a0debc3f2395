#include "report_keys.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/log/log.hpp>

#include <stdexcept>

namespace gravity::project {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::hours fresh{1}, usable{24};
constexpr std::chrono::minutes between_questions{5};
constexpr std::chrono::seconds after_failure{30}, patience{5};
constexpr std::size_t longest_list = 256 * 1024;

http::FetcherOptions options_of(const Settings& settings) {
    http::FetcherOptions options;
    for (const auto part : ascii::split(settings.leak_keys_allow, ','))
        if (const auto network = ascii::trim(part); !network.empty()) options.allow.emplace_back(network);
    return options;
}

} // namespace

ReportKeySource::ReportKeySource(boost::asio::io_context& io, const Settings& settings)
    : url_(settings.leak_keys_url ? settings.leak_keys_url->str() : ""), fetcher_(io, options_of(settings)) {}

const auth::PublicKey* ReportKeySource::known(const std::string& identifier, std::chrono::hours at_most) const {
    const auto found = keys_.find(identifier);
    return found != keys_.end() && fetched_at_ && steady_clock::now() - *fetched_at_ < at_most ? &found->second : nullptr;
}

bool ReportKeySource::may_ask() const {
    if (!asked_at_) return true;
    const auto ago = steady_clock::now() - *asked_at_;
    return failed_ ? ago > after_failure : ago > between_questions;
}

Task<std::optional<auth::PublicKey>> ReportKeySource::find(const std::string& identifier, std::chrono::steady_clock::time_point deadline) {
    if (url_.empty()) co_return std::nullopt;
    if (known(identifier, fresh) == nullptr && may_ask()) {
        std::function<Task<bool>()> work = [this] { return fetch(); };
        try {
            co_await flights_.run(0, std::move(work), deadline);
        } catch (const std::runtime_error&) { // the request's own time is over; what is known has to do
        }
    }
    const auth::PublicKey* const key = known(identifier, usable);
    co_return key != nullptr ? std::optional<auth::PublicKey>(*key) : std::nullopt;
}

/// Whether there is a new list.
Task<bool> ReportKeySource::fetch() {
    http::ClientRequest request;
    request.url = url_;
    request.timeout = patience;
    request.max_response_bytes = longest_list;
    request.headers.add("Accept", "application/json");
    try {
        const http::Response response = co_await fetcher_.send(std::move(request));
        if (response.status != 200) throw std::runtime_error("it answered " + std::to_string(response.status));
        keys_ = parse_report_keys(response.body);
        fetched_at_ = steady_clock::now();
        failed_ = false;
    } catch (const std::exception& fault) { // http::ClientError, or another document
        log::warn("the keys of who reports leaks cannot be had", {{"url", url_}, {"reason", fault.what()}});
        failed_ = true;
    }
    asked_at_ = steady_clock::now();
    co_return !failed_;
}

} // namespace gravity::project
