#include <gravity/async/coroutine.hpp>
#include <gravity/auth/jwks_refresh.hpp>
#include <gravity/auth/jwks_source.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <fstream>
#include <stdexcept>

namespace gravity::auth {
namespace {

constexpr std::string_view file_scheme = "file://";

/// A local file, in one read: a few kilobytes, every ten minutes.
std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("the file cannot be opened");
    std::string text(KeySet::max_document_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) throw std::runtime_error("the file cannot be read");
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

} // namespace

struct JwksSource::State {
    State(boost::asio::io_context& io, std::string from, std::shared_ptr<Verifier> to, JwksFetch how)
        : url(std::move(from)),
          verifier(std::move(to)),
          fetch(std::move(how)),
          refresh(steady_now()),
          wake(io),
          finished(io) {
        finished.expires_at(std::chrono::steady_clock::time_point::max());
    }

    void take(std::string_view document);
    Task<void> fetch_once();
    Task<void> sleep(Duration time);

    const std::string url;
    const std::shared_ptr<Verifier> verifier;
    const JwksFetch fetch; // empty: a file
    JwksRefresh refresh;
    boost::asio::steady_timer wake;     // cancelled: look at the state again
    boost::asio::steady_timer finished; // never expires; cancelled when a fetch has ended
    bool running = false;
    bool stopped = false;
    bool last_ok = false;
    Duration last_success;
    std::string last_error;
};

/// Throws std::runtime_error if there is no key to be had from the document.
void JwksSource::State::take(std::string_view document) {
    auto keys = KeySet::parse(document);
    if (!keys) throw std::runtime_error("the key set " + keys.why());
    if (keys->empty()) throw std::runtime_error("the key set has no usable key");
    const auto before = verifier->keys();
    const bool changed = !before || before->fingerprint() != keys->fingerprint();
    if (changed) {
        for (const std::string& why : keys->ignored())
            log::warn("a key of the issuer is left out", {{"url", url}, {"reason", why}});
        log::info("the issuer's keys were loaded", {{"url", url}, {"keys", keys->keys().size()}});
    }
    verifier->set_keys(std::make_shared<const KeySet>(*std::move(keys)));
}

Task<void> JwksSource::State::fetch_once() {
    std::string error;
    try {
        std::string document;
        if (fetch) {
            document = co_await fetch(url);
        } else {
            document = read_file(url.substr(file_scheme.size()));
        }
        take(document);
    } catch (const std::exception& e) {
        error = e.what();
        if (error.empty()) error = "unknown";
    }
    last_ok = error.empty();
    if (last_ok) {
        last_success = steady_now();
    } else {
        log::warn("the issuer's keys could not be fetched", {{"url", url}, {"reason", error}});
    }
    last_error = std::move(error);
    refresh.finished(last_ok, steady_now());
    finished.cancel();
}

Task<void> JwksSource::State::sleep(Duration time) {
    boost::system::error_code ignored; // cancelled is as good as expired: the caller looks at the state again
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    wake.expires_after(std::chrono::microseconds(clock::real(time).count_us()));
    co_await wake.async_wait(token);
}

JwksSource::JwksSource(boost::asio::io_context& io, std::string url, std::shared_ptr<Verifier> verifier,
                       JwksFetch fetch) {
    const bool file = url.starts_with("file:///");
    const bool http = url.starts_with("https://") || url.starts_with("http://");
    if (!file && !http) throw std::invalid_argument("a JWKS URL must begin with file:///, http:// or https://");
    if (http && !fetch) throw std::invalid_argument("a JWKS URL of http needs something that fetches it");
    state_ = std::make_unique<State>(io, std::move(url), std::move(verifier), file ? JwksFetch() : std::move(fetch));
}

JwksSource::~JwksSource() = default;

/// However run() ends, by stop() or by cancellation, nobody waits for a fetch any more.
struct JwksSource::Running {
    explicit Running(State& of) : s(of) { s.running = true; }
    ~Running() {
        s.running = false;
        s.finished.cancel();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    State& s;
};

Task<void> JwksSource::run() {
    State& s = *state_;
    const Running running(s);
    while (!s.stopped) {
        const Duration now = steady_now();
        if (s.refresh.too_old(now) && s.verifier->keys()) {
            log::error("the issuer's keys are too old to be trusted", {{"url", s.url}, {"reason", s.last_error}});
            s.verifier->set_keys(nullptr);
        }
        if (s.refresh.start(now)) {
            co_await s.fetch_once();
        } else if (const auto wait = s.refresh.wait(now)) {
            co_await s.sleep(*wait);
        }
    }
}

void JwksSource::stop() {
    state_->stopped = true;
    state_->wake.cancel();
}

Task<bool> JwksSource::refresh_for_unknown_key() {
    State& s = *state_;
    if (!s.running || s.stopped || !s.refresh.unknown_key(steady_now())) co_return false;
    s.wake.cancel();
    boost::system::error_code ignored; // only ever cancelled
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    co_await s.finished.async_wait(token);
    co_return s.running&& s.last_ok;
}

JwksSource::Status JwksSource::status() const {
    const auto keys = state_->verifier->keys();
    Status status;
    status.loaded = keys && !keys->empty();
    status.keys = keys ? keys->keys().size() : 0;
    if (state_->last_success.is_set()) status.age = steady_now() - state_->last_success;
    status.last_error = state_->last_error;
    return status;
}

} // namespace gravity::auth
