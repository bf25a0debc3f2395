#pragma once

#include <gravity/http/message.hpp>
#include <gravity/json/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gravity::testkit {

/// What a neighbour answers.
struct Reply {
    int status = 200;
    Json body{};               // null: none
    http::Headers headers{};
    std::string bytes{};       // instead of `body`, with a Content-Type of `headers`
    std::optional<std::size_t> cut_after{}; // the connection breaks after so many bytes of the body
    bool held = false;         // not before Neighbour::release()
};

/// Another service, played by the test: a real HTTP server on a free port that answers by script and notes who called. For what happens below
/// HTTP (refused, cut before the first byte, silent) put a FaultProxy in front.
class Neighbour {
public:
    using Handler = std::function<Reply(const http::Request&)>; // on the neighbour's thread

    explicit Neighbour(std::string name = "neighbour");
    ~Neighbour();
    Neighbour(const Neighbour&) = delete;
    Neighbour& operator=(const Neighbour&) = delete;

    const std::string& name() const;
    std::uint16_t port() const;
    std::string url() const; // "http://127.0.0.1:<port>"

    /// The next answer to a method and path; several are given in order, and the last is repeated. What nobody scripted is answered 404.
    Neighbour& on(std::string method, std::string path, Reply reply);
    /// The same by a function: for answers that depend on the request.
    Neighbour& on(std::string method, std::string path, Handler handler);
    /// Everything that was not scripted.
    Neighbour& otherwise(Handler handler);
    void forget(); // the script and the calls

    /// Lets one held answer go.
    void release();

    /// The calls so far, in order of arrival.
    std::vector<http::Request> calls() const;
    std::vector<http::Request> calls(std::string_view method, std::string_view path) const;
    /// Waits until there were `count` calls; std::runtime_error if they do not come within 10 s.
    std::vector<http::Request> wait_for_calls(std::size_t count) const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// A discovery that knows what the test tells it, by the part of Consul's API that services use: registration, and look-up of healthy instances.
class FakeDiscovery {
public:
    FakeDiscovery();

    std::string url() const { return consul_.url(); }
    /// Makes a neighbour findable by its name; more than one of a name are several instances.
    void add(const Neighbour& neighbour);
    void add(const std::string& name, std::uint16_t port);
    void remove(const std::string& name);

    /// What services have registered and not taken back, by id.
    std::vector<Json> registrations() const;
    /// Waits for a registration under this name; std::runtime_error if none comes within 10 s.
    Json wait_for(const std::string& name) const;
    Neighbour& consul() { return consul_; }

private:
    struct Book;
    std::shared_ptr<Book> book_;
    Neighbour consul_{"discovery"};
};

/// Waits until `condition` holds, looking every few milliseconds; std::runtime_error with `what` if not within `patience`, or ten times that under a sanitizer.
void eventually(const std::string& what, const std::function<bool()>& condition, std::chrono::seconds patience = std::chrono::seconds(10));

} // namespace gravity::testkit
