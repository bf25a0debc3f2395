#include "patience.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/http/exchange.hpp>
#include <gravity/http/server.hpp>
#include <gravity/testkit/neighbour.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace gravity::testkit {

void eventually(const std::string& what, const std::function<bool()>& condition, std::chrono::seconds usual) {
    const auto deadline = std::chrono::steady_clock::now() + patience(usual);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("it did not come to pass: " + what);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

struct Neighbour::State {
    explicit State(std::string n) : name(std::move(n)) {}

    std::string name;
    boost::asio::io_context io{1};
    std::unique_ptr<http::Server> server;
    std::thread thread;
    std::atomic<bool> ending{false};
    std::atomic<int> released{0};

    mutable std::mutex mutex; // of all below: the test's thread writes the script, the neighbour's reads it
    std::map<std::pair<std::string, std::string>, std::deque<Handler>> script;
    Handler fallback;
    std::vector<http::Request> calls;

    Reply next(const http::Request& request) {
        Handler handler;
        {
            const std::lock_guard lock(mutex);
            calls.push_back(request);
            const auto found = script.find({request.method_text, request.path});
            if (found != script.end() && !found->second.empty()) {
                handler = found->second.front();
                if (found->second.size() > 1) found->second.pop_front();
            } else {
                handler = fallback;
            }
        }
        return handler ? handler(request) : Reply{.status = 404};
    }

    Task<void> answer(http::Exchange& exchange) {
        constexpr std::size_t limit = 64 << 20;
        const bool whole = co_await exchange.read_body(limit);
        if (!whole) throw std::runtime_error("a body of more than 64 MiB");
        Reply reply = next(exchange.request());
        while (reply.held && !ending) {
            int available = released;
            if (available > 0 && released.compare_exchange_strong(available, available - 1)) break;
            co_await sleep_for(std::chrono::milliseconds(1));
        }
        http::Response response;
        response.status = reply.status;
        response.headers = std::move(reply.headers);
        response.body = std::move(reply.bytes);
        if (!reply.body.is_null()) {
            response.body = reply.body.dump();
            if (!response.headers.has("Content-Type")) response.headers.set("Content-Type", "application/json");
        }
        if (!reply.cut_after) co_return co_await exchange.respond(std::move(response));
        // A body that is not finished is cut, whatever length was promised.
        const std::optional<std::uint64_t> promised(response.body.size());
        auto writer = co_await exchange.stream(response.status, std::move(response.headers), promised);
        const std::string_view part = std::string_view(response.body).substr(0, *reply.cut_after);
        if (!part.empty()) co_await writer->write(part);
    }
};

Neighbour::Neighbour(std::string name) : state_(std::make_shared<State>(std::move(name))) {
    State* const state = state_.get();
    state->server = std::make_unique<http::Server>(state->io, http::ServerOptions{}, [state](http::Exchange& exchange) { return state->answer(exchange); });
    state->server->start();
    state->thread = std::thread([state] { state->io.run(); });
}

Neighbour::~Neighbour() {
    state_->ending = true;
    state_->io.stop();
    state_->thread.join();
    state_->server.reset();
}

const std::string& Neighbour::name() const { return state_->name; }
std::uint16_t Neighbour::port() const { return state_->server->port(); }
std::string Neighbour::url() const { return "http://127.0.0.1:" + std::to_string(port()); }

Neighbour& Neighbour::on(std::string method, std::string path, Reply reply) {
    return on(std::move(method), std::move(path), [reply = std::move(reply)](const http::Request&) { return reply; });
}

Neighbour& Neighbour::on(std::string method, std::string path, Handler handler) {
    const std::lock_guard lock(state_->mutex);
    state_->script[{std::move(method), std::move(path)}].push_back(std::move(handler));
    return *this;
}

Neighbour& Neighbour::otherwise(Handler handler) {
    const std::lock_guard lock(state_->mutex);
    state_->fallback = std::move(handler);
    return *this;
}

void Neighbour::forget() {
    const std::lock_guard lock(state_->mutex);
    state_->script.clear();
    state_->fallback = nullptr;
    state_->calls.clear();
}

void Neighbour::release() { ++state_->released; }

std::vector<http::Request> Neighbour::calls() const {
    const std::lock_guard lock(state_->mutex);
    return state_->calls;
}

std::vector<http::Request> Neighbour::calls(std::string_view method, std::string_view path) const {
    auto all = calls();
    std::erase_if(all, [&](const http::Request& call) { return call.method_text != method || call.path != path; });
    return all;
}

std::vector<http::Request> Neighbour::wait_for_calls(std::size_t count) const {
    eventually(std::to_string(count) + " calls of " + name(), [&] { return calls().size() >= count; });
    return calls();
}

struct FakeDiscovery::Book {
    mutable std::mutex mutex;
    std::map<std::string, Json> registered; // by id
    std::multimap<std::string, std::uint16_t> known;

    // Consul's GET /v1/health/service/<name>
    Json healthy(const std::string& name) const {
        const std::lock_guard lock(mutex);
        Json list = Json::array();
        const auto entry = [&](const std::string& id, const std::string& address, std::int64_t port, Json meta) {
            list.push_back(Json::object({{"Node", Json::object({{"Node", "test"}, {"Address", "127.0.0.1"}})},
                                         {"Service", Json::object({{"ID", id},
                                                                   {"Service", name},
                                                                   {"Address", address},
                                                                   {"Port", port},
                                                                   {"Tags", Json::array({"gravity"})},
                                                                   {"Meta", std::move(meta)}})},
                                         {"Checks", Json::array({Json::object({{"Status", "passing"}})})}}));
        };
        const auto [begin, end] = known.equal_range(name);
        for (auto at = begin; at != end; ++at) entry(name + "-" + std::to_string(at->second), "127.0.0.1", at->second, Json::object());
        for (const auto& [id, document] : registered)
            if (*document.find("Name") == Json(name))
                entry(id, document.find("Address")->as_string(), document.find("Port")->as_integer(), *document.find("Meta"));
        return list;
    }

    Reply answer(const http::Request& request) {
        const std::string health = "/v1/health/service/", leave = "/v1/agent/service/deregister/";
        if (request.method_text == "GET" && request.path.starts_with(health)) {
            Reply reply{.body = healthy(request.path.substr(health.size()))};
            reply.headers.set("X-Consul-Index", "1");
            return reply;
        }
        if (request.method_text == "PUT" && request.path == "/v1/agent/service/register") {
            Json document = Json::parse(request.body).or_throw();
            const std::lock_guard lock(mutex);
            registered[document.find("ID")->as_string()] = std::move(document);
            return {};
        }
        if (request.method_text == "PUT" && request.path.starts_with(leave)) {
            const std::lock_guard lock(mutex);
            registered.erase(http::percent_decode(request.path.substr(leave.size())).value_or(""));
            return {};
        }
        return {.status = 404};
    }
};

FakeDiscovery::FakeDiscovery() : book_(std::make_shared<Book>()) {
    consul_.otherwise([book = book_](const http::Request& request) { return book->answer(request); });
}

void FakeDiscovery::add(const Neighbour& neighbour) { add(neighbour.name(), neighbour.port()); }

void FakeDiscovery::add(const std::string& name, std::uint16_t port) {
    const std::lock_guard lock(book_->mutex);
    book_->known.emplace(name, port);
}

void FakeDiscovery::remove(const std::string& name) {
    const std::lock_guard lock(book_->mutex);
    book_->known.erase(name);
}

std::vector<Json> FakeDiscovery::registrations() const {
    const std::lock_guard lock(book_->mutex);
    std::vector<Json> all;
    for (const auto& [id, document] : book_->registered) all.push_back(document);
    return all;
}

Json FakeDiscovery::wait_for(const std::string& name) const {
    Json found;
    eventually("a registration of " + name, [&] {
        for (const Json& document : registrations())
            if (*document.find("Name") == Json(name)) found = document;
        return !found.is_null();
    });
    return found;
}

} // namespace gravity::testkit
