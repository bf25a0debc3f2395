#pragma once

#include "daemon.hpp"
#include "etcd_server.hpp"
#include "shared_engine.hpp"

#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/server.hpp>
#include <gravity/testkit/client.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace gravity::registry::test {

/// One daemon of several, with a thread of its own.
class Peer {
public:
    Peer(const std::string& etcd, const std::string& name, bool follows = true, etcd::Credentials credentials = {}) {
        SharedOptions options{registry::etcd::members_in(etcd), "/t/", 128, name};
        options.credentials = std::move(credentials);
        auto owned = std::make_unique<SharedEngine>(io_, std::move(options), [] { return now().unix_us(); });
        engine = owned.get();
        daemon_ = std::make_unique<Daemon>(io_, std::move(owned), DaemonOptions{{name, "", "127.0.0.1", "dc1", "1.22.0", 1}, 100});
        server_ = std::make_unique<http::Server>(io_, http::ServerOptions{}, [this](http::Exchange& exchange) { return daemon_->handle(exchange); });
        server_->start();
        if (follows) follow();
        spawn(io_, "time", [this] { return daemon_->keep_time(); });
        thread_ = std::thread([this] { io_.run(); });
        client = testkit::Client(server_->port(), "");
    }
    ~Peer() {
        io_.stop();
        thread_.join();
        server_.reset();
        daemon_.reset();
    }
    void follow() {
        boost::asio::post(io_, [this] { spawn(io_, "engine", [this] { return engine->keep(); }); });
    }
    template <class F>
    auto on_io(F function) {
        std::promise<decltype(function())> result;
        boost::asio::post(io_, [&] { result.set_value(function()); });
        return result.get_future().get();
    }
    bool leads() {
        return on_io([this] { return engine->leads(); });
    }
    bool lives() {
        return on_io([this] { return engine->ledger().members().contains(engine->me()); });
    }
    std::size_t members() {
        return on_io([this] { return engine->ledger().members().size(); });
    }
    void resign() {
        boost::asio::post(io_, [this] { spawn(io_, "resign", [this] { return engine->resign(); }); });
    }
    testkit::Answer put(const std::string& target, const std::string& body = {}) { return client.call("PUT", target).raw(body, "application/json").send(); }
    testkit::Answer get(const std::string& target) { return client.get(target).send(); }

    SharedEngine* engine = nullptr;
    testkit::Client client;

private:
    boost::asio::io_context io_{1};
    std::unique_ptr<Daemon> daemon_;
    std::unique_ptr<http::Server> server_;
    std::thread thread_;
};

inline testkit::Answer client_delete(Peer& node, const std::string& target) { return node.client.del(target).send(); }

class Etcd : public ::testing::Test {
protected:
    void SetUp() override {
        if (!EtcdServer::is_installed()) GTEST_SKIP() << "there is no etcd (Debian: etcd-server)";
        etcd = std::make_unique<EtcdServer>();
    }
    std::unique_ptr<EtcdServer> etcd;
};

} // namespace gravity::registry::test
