#include "core.hpp"

#include "session.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/network.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace gravity::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

namespace {

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    fill_random(&seed, sizeof seed);
    return seed;
}

/// A socket on "::" shows IPv4 peers as mapped IPv6 ones (RFC 4291 section 2.5.5.2); they are who they are.
asio::ip::address plain_address(const asio::ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

} // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& networks) {
    for (const std::string& text : networks) {
        const auto network = Network::parse(text);
        if (!network) throw std::invalid_argument("\"" + text + "\" " + network.why());
        boost::system::error_code is_v6;
        const auto v4 = asio::ip::make_network_v4(network->str(), is_v6);
        if (!is_v6) v4_.push_back(v4);
        else v6_.push_back(asio::ip::make_network_v6(network->str()));
    }
}

bool TrustedProxies::contains(const asio::ip::address& address) const {
    // is_subnet_of compares networks; an address is the network of its whole length.
    if (address.is_v4()) {
        const asio::ip::network_v4 host(address.to_v4(), 32);
        for (const auto& network : v4_)
            if (network == host || host.is_subnet_of(network)) return true;
        return false;
    }
    const asio::ip::network_v6 host(address.to_v6(), 128);
    for (const auto& network : v6_)
        if (network == host || host.is_subnet_of(network)) return true;
    return false;
}

asio::ip::address TrustedProxies::client_of(const asio::ip::address& peer, std::string_view bytes, const RequestHead& head) const {
    asio::ip::address client = peer;
    for (std::size_t i = head.field_count; i > 0; --i) {
        if (head.fields[i - 1].known != Known::x_forwarded_for) continue;
        std::string_view list = head.fields[i - 1].value.in(bytes);
        while (!list.empty()) {
            if (!contains(client)) return client;
            const std::size_t comma = list.rfind(',');
            const std::string_view last = ascii::trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
            list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
            boost::system::error_code unreadable;
            const auto address = asio::ip::make_address(last, unreadable);
            if (unreadable) return client;
            client = plain_address(address);
        }
    }
    return client;
}

Core::Core(Shared& shared, unsigned number)
    : shared_(shared), number_(number), snapshot_(Snapshot::build({}, nullptr)), pool_(shared.options.pool_per_endpoint), choices_(random_seed() + number) {
    write_date();
}

Core::~Core() = default;

void Core::open(Listener& listener, std::uint16_t port) {
    auto& acceptor = listener.acceptor;
    const tcp::endpoint endpoint(asio::ip::make_address(options().address), port);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.set_option(asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>(true)); // one socket a core; the kernel spreads
    if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false));
    acceptor.bind(endpoint);
    acceptor.listen(4096);
    accept(listener);
}

void Core::listen(std::uint16_t port) {
    open(plain_, port);
    tick();
}

void Core::listen_tls(std::uint16_t port, std::shared_ptr<asio::ssl::context> certificates) {
    certificates_ = std::move(certificates);
    tls_.secure = true;
    open(tls_, port);
}

void Core::run() {
    io_.run();
    cut_all();
    io_.restart();
    io_.poll(); // the handlers of what was closed
}

void Core::publish(std::shared_ptr<const Snapshot> snapshot) {
    // Requests keep the snapshot they began with. Each core counts its own uses, so that cores do not share a cache line for it.
    auto holder = std::make_shared<std::shared_ptr<const Snapshot>>(std::move(snapshot));
    std::shared_ptr<const Snapshot> own(holder, holder->get());
    asio::post(io_, [this, own = std::move(own)]() mutable { snapshot_ = std::move(own); });
}

void Core::publish(std::shared_ptr<asio::ssl::context> certificates) {
    asio::post(io_, [this, certificates = std::move(certificates)]() mutable { certificates_ = std::move(certificates); });
}

void Core::drain() {
    asio::post(io_, [this] { drain_all(); });
}
void Core::stop() { io_.stop(); }

void Core::drain_all() {
    draining_ = true;
    boost::system::error_code ignored; // closing a listener loses nothing that could be reported
    plain_.acceptor.close(ignored);
    tls_.acceptor.close(ignored);
    for (auto at = clients_.begin(); at != clients_.end();) (*at++)->begin_drain(); // which may take itself off the list
}

void Core::cut_all() {
    drain_all();
    for (auto at = clients_.begin(); at != clients_.end();) (*at++)->close();
    pool_.clear();
}

std::shared_ptr<Upstream> Core::upstream_to(std::shared_ptr<Endpoint> endpoint) {
    const auto& tls = endpoint->spec().tls;
    auto context = tls ? shared_.trust.context(tls->authorities) : nullptr;
    return std::make_shared<Upstream>(io_, slab_, std::move(endpoint), std::move(context));
}

std::list<Client*>::iterator Core::add(Client& client, Counted counted) {
    if (counted == Counted::yes) {
        open_.fetch_add(1, std::memory_order_relaxed);
        shared_.telemetry.connections.add();
    }
    return clients_.insert(clients_.end(), &client);
}

void Core::remove(std::list<Client*>::iterator place, Counted counted) {
    clients_.erase(place);
    if (counted == Counted::no) return;
    open_.fetch_sub(1, std::memory_order_relaxed);
    shared_.telemetry.connections.subtract();
    if (!draining_) accept();
}

/// Makes room: closes the oldest connection on which nothing is under way. In a flood of clients that only wait, those who ask are served.
bool Core::shed(const Client* except) {
    const auto at = std::find_if(clients_.begin(), clients_.end(), [&](const Client* client) { return client != except && client->waits(); });
    if (at == clients_.end()) return false;
    shared_.telemetry.shed.add();
    (*at)->close(); // which takes itself off the list
    return true;
}

bool Core::make_room() {
    bool made = pool_.shed(); // which costs nobody more than another connection
    for (int i = 0; i < 4; ++i) made |= shed(nullptr); // one for each listener, which takes it at once if others wait there
    return made;
}

void Core::accept() {
    accept(plain_);
    accept(tls_);
}

void Core::accept(Listener& listener) {
    if (listener.accepting || draining_ || !listener.acceptor.is_open() || connections() > options().max_connections) return; // remove() calls again
    listener.accepting = true;
    listener.acceptor.async_accept(io_, [this, &listener](boost::system::error_code error, Socket socket) {
        listener.accepting = false;
        if (!draining_) accepted(listener, error, std::move(socket));
    });
}

void Core::accepted(Listener& listener, boost::system::error_code error, Socket socket) {
    if (!error) {
        boost::system::error_code gone;
        const auto peer = socket.remote_endpoint(gone);
        socket.set_option(tcp::no_delay(true), gone);
        if (!gone) {
            const auto session = std::make_shared<Session>(*this, std::move(socket), plain_address(peer.address()), listener.secure ? certificates_ : nullptr);
            session->start();
            if (connections() > options().max_connections) shed(session.get());
        }
    } else if (error != asio::error::connection_aborted && error != asio::error::interrupted) {
        // Out of descriptors or memory: the kernel would say the same at once, again and again.
        shared_.telemetry.accept_pauses.add();
        pool_.shed();
        for (int i = 0; i < 16 && shed(nullptr); ++i) {}
        retry_.expires_after(std::chrono::milliseconds(100));
        retry_.async_wait([this](boost::system::error_code) { accept(); });
        return;
    }
    accept(listener);
}

/// One timer for the time-outs of all connections: they are compared a few times a second instead of being set and cleared for every request.
void Core::tick() {
    tick_.expires_after(options().tick);
    tick_.async_wait([this](boost::system::error_code) {
        const auto now = steady_clock::now();
        for (auto at = clients_.begin(); at != clients_.end();) (*at++)->check(now);
        if (now - pool_swept_ >= std::chrono::seconds(1)) {
            pool_swept_ = now;
            if (!pool_.empty()) pool_.sweep(now, snapshot()->identities());
            slab_.trim();
            write_date();
        }
        if (number_ == 0 && now - judged_ >= options().outlier_interval) judge_instances(now);
        tick();
    });
}

/// Leaves out who fails too often beside the others.
void Core::judge_instances(steady_clock::time_point now) {
    judged_ = now;
    std::vector<InstanceRecord> records;
    for (const auto& cluster : snapshot_->clusters()) {
        records.clear();
        std::uint64_t answered = 0;
        for (const auto& endpoint : cluster->endpoints) {
            records.push_back(endpoint->record(now));
            answered += records.back().answered;
        }
        if (records.size() < 2 || answered < OutlierRules().least_requests * records.size()) continue; // too little to tell: the time goes on
        const auto outliers = find_outliers(records);
        for (const std::size_t place : outliers) {
            const Endpoint& endpoint = *cluster->endpoints[place];
            cluster->endpoints[place]->leave_out(now);
            shared_.telemetry.ejections.add();
            log::warn("an instance is left out, it fails too often beside the others",
                      {{"service", cluster->name}, {"instance", endpoint.spec().id}, {"answered", records[place].answered}, {"failed", records[place].failed}});
        }
        for (std::size_t i = 0; i < records.size(); ++i)
            cluster->endpoints[i]->noted(!records[i].out && std::find(outliers.begin(), outliers.end(), i) == outliers.end());
    }
}

void Core::write_date() {
    char text[64];
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    // The names are those of the "C" locale, which a process has until it asks for another; none here does.
    const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date_.assign(text, size);
}

} // namespace gravity::gateway
