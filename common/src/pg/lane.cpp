#include "pg/lane.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <future>

namespace gravity::pg {
namespace {

using Steady = std::chrono::steady_clock;

// How exact a limit is kept. A timer for each wait would cost each a system call, for what hardly ever happens.
constexpr std::chrono::milliseconds look_every{250};

} // namespace

Lane::Lane(boost::asio::io_context& io, const Serve& serve, std::function<void()> on_wait)
    : socket_(io), on_wait_(std::move(on_wait)), fiber_([this, serve] {
          while (!ending_) {
              serve(*this);
              busy_ = false;
              fiber_.suspend();
          }
      }) {}

Lane::~Lane() {
    forget_socket();
    ending_ = true;
    fiber_.resume(); // to its end
}

void Lane::start() {
    busy_ = true;
    fiber_.resume();
}

void Lane::forget_socket() {
    if (socket_.is_open()) socket_.release();
}

std::unique_ptr<Connection> Lane::release() {
    forget_socket();
    if (connection) connection->wait_by(nullptr);
    return std::move(connection);
}

void Lane::drop_connection() { release().reset(); }

bool Lane::ready(int socket, For what, Steady::time_point limit) {
    if (abandoned_) throw Abandoned{};
    if (!socket_.is_open()) socket_.assign(socket);
    // Room is waited for alone: what a read sends before its statement has no answer that could fill the way back.
    const auto kind = what == For::input ? boost::asio::posix::stream_descriptor::wait_read : boost::asio::posix::stream_descriptor::wait_write;
    socket_.async_wait(kind, [weak = weak_from_this(), wait = ++waits_](const boost::system::error_code& error) {
        const auto lane = weak.lock();
        if (lane && lane->waiting_ && lane->waits_ == wait) lane->wake(!error);
    });
    limit_ = limit;
    if (limit != Steady::time_point{}) on_wait_();
    waiting_ = true;
    fiber_.suspend();
    if (abandoned_) throw Abandoned{};
    return ready_;
}

void Lane::wake(bool is_ready) {
    waiting_ = false;
    ready_ = is_ready;
    fiber_.resume();
}

bool Lane::check(Steady::time_point now) {
    if (!waiting_ || limit_ == Steady::time_point{}) return false;
    if (limit_ <= now) wake(false);
    return true;
}

void Lane::abandon() {
    abandoned_ = true;
    if (waiting_) wake(false);
}

void Lanes::start(Unit unit, std::unique_ptr<Connection> connection) {
    auto free = std::find_if(lanes_.begin(), lanes_.end(), [](const auto& lane) { return !lane->busy(); });
    if (free == lanes_.end()) {
        used_ = true;
        lanes_.push_back(std::make_shared<Lane>(io_, serve_, [this] { watch(); }));
        free = lanes_.end() - 1;
    }
    Lane& lane = **free;
    lane.unit = std::move(unit);
    lane.connection = std::move(connection);
    lane.start();
}

void Lanes::watch() {
    if (watching_) return;
    watching_ = true;
    const auto timer = std::make_shared<boost::asio::steady_timer>(io_, look_every);
    timer->async_wait([timer, weak = weak_from_this()](const boost::system::error_code&) {
        const auto self = weak.lock();
        if (!self) return;
        self->watching_ = false;
        bool any = false;
        const auto all = self->lanes_; // a unit that is given up may begin others
        for (const auto& lane : all) any = lane->check(Steady::now()) || any;
        if (any) self->watch();
    });
}

void Lanes::end() {
    if (!used_) return;
    const auto abandon_all = [this] {
        for (const auto& lane : lanes_) lane->abandon();
        lanes_.clear();
    };
    if (io_.stopped() || here()) return abandon_all();
    std::promise<void> done;
    boost::asio::post(io_, [&] {
        abandon_all();
        done.set_value();
    });
    done.get_future().wait();
}

} // namespace gravity::pg
