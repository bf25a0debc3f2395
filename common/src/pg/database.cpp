#include "pg/lane.hpp"
#include "pg/tx_state.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/testpoint.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_set>

namespace gravity::pg {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int max_tries = 3;
constexpr std::chrono::milliseconds deadline_grace{1000}; // for the server to end a statement at its own timeout, which is the deadline
constexpr std::chrono::seconds idle_life{60}; // without work a connection above the minimum is closed after this long, and a worker but the last ends

void back_off(int attempt) {
    // Two transactions that collided must not meet again in step.
    thread_local std::minstd_rand random{std::random_device{}()};
    std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(1, 5 << attempt)(random)));
}

// Projects whose first write here has been recorded (gravity.project), so that it costs nothing from then on.
class ProjectsSeen {
public:
    bool contains(const ProjectId& project) {
        const std::lock_guard lock(mutex_);
        return seen_.contains(project);
    }
    void add(const ProjectId& project) {
        const std::lock_guard lock(mutex_);
        if (seen_.size() >= max_size) seen_.clear();
        seen_.insert(project);
    }

private:
    static constexpr std::size_t max_size = 10'000;
    std::mutex mutex_;
    std::unordered_set<ProjectId> seen_;
};

const Sql<void()> record_project{"gravity.project.record", "insert into gravity.project (id) values (gravity.current_project()) on conflict do nothing"};

void run_once(Connection& connection, const Options& options, ProjectsSeen& projects, const Run& run, const std::function<void(Tx&)>& work) {
    TxState state(connection, run, options);
    [[maybe_unused]] const bool changes = !run.read_only && !run.scope.is_system; // testpoints leave the work in the background alone
    bool committing = false, records_project = false;
    try {
        Tx tx(state);
        work(tx);
        records_project = connection.in_transaction() && !run.read_only && !run.scope.is_system && !projects.contains(run.scope.project_id);
        if (records_project) state.later(record_project.statement(), {});
        if (changes) GRAVITY_TESTPOINT("pg.before_commit");
        committing = true;
        state.commit();
    } catch (const ConnectionLost& error) {
        // The server may have committed before the connection broke: saying "it failed" would invite a second order.
        if (!committing || run.read_only) throw;
        log::error("connection lost in commit", {{"error", error.what()}});
        throw Refusal(problems::outcome_unknown).with_header("Retry-After", "1");
    } catch (...) {
        state.rollback();
        throw;
    }
    if (changes) GRAVITY_TESTPOINT("pg.after_commit");
    if (records_project) projects.add(run.scope.project_id);
    for (const auto& action : state.after_commit) action->run();
    if ((state.written.events || state.written.jobs) && options.on_written) options.on_written(state.written);
}

Refusal unavailable() {
    Refusal refusal(problems::store_unavailable);
    refusal.with_header("Retry-After", "2");
    return refusal;
}

} // namespace

struct Database::Impl : std::enable_shared_from_this<Database::Impl> {
    /// A connection in nobody's hands.
    struct Resting {
        std::unique_ptr<Connection> connection;
        Steady::time_point since;
    };

    Options options;
    std::shared_ptr<Lanes> lanes;
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::deque<Unit> queue;
    std::vector<Resting> resting;     // the one used last is last
    int connections = 0;              // resting, in use, or being opened
    std::vector<std::thread> threads; // finished ones are joined when the next is made, or at the end
    std::vector<std::thread::id> finished;
    int live = 0;
    int idle = 0;
    bool stopping = false;
    bool lanes_called = false;
    std::uint64_t retried = 0;
    std::uint64_t dropped = 0;
    ProjectsSeen projects;

    // ---- who does what; all with the mutex held

    bool front_is_a_lanes() const { return !queue.empty() && queue.front().by_lane && !queue.front().fresh && !resting.empty(); }
    bool front_is_a_workers() const { return !queue.empty() && !front_is_a_lanes() && (!resting.empty() || connections < options.pool_max); }

    /// Lanes are called if it is theirs to take the front of the queue.
    void call_lanes() {
        if (lanes_called || !front_is_a_lanes()) return;
        lanes_called = true;
        boost::asio::post(lanes->loop(), [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->start_lanes();
        });
    }

    void call_anybody() {
        call_lanes();
        if (!front_is_a_workers()) return;
        if (static_cast<std::size_t>(idle) < queue.size() && live < options.pool_max) start_worker();
        wake.notify_one();
    }

    Unit take_front() {
        Unit unit = std::move(queue.front());
        queue.pop_front();
        return unit;
    }

    std::unique_ptr<Connection> take_rested() {
        auto connection = std::move(resting.back().connection);
        resting.pop_back();
        return connection;
    }

    /// Null if it is gone.
    void give_back(std::unique_ptr<Connection> connection) {
        if (connection)
            resting.push_back({std::move(connection), Steady::now()});
        else
            --connections;
    }

    void start_worker() {
        for (const auto id : finished) {
            const auto thread = std::find_if(threads.begin(), threads.end(), [&](const std::thread& t) { return t.get_id() == id; });
            thread->join();
            threads.erase(thread);
        }
        finished.clear();
        ++live;
        threads.emplace_back([this] { work_loop(); });
    }

    // ---- without it

    void submit(Unit unit) {
        std::unique_lock lock(mutex);
        if (stopping || queue.size() >= static_cast<std::size_t>(options.queue_max)) {
            lock.unlock();
            Refusal refusal(problems::overloaded);
            refusal.with_header("Retry-After", "1");
            return unit.done(std::make_exception_ptr(std::move(refusal)));
        }
        queue.push_back(std::move(unit));
        if (queue.size() == 1 && front_is_a_lanes()) { // only what runs on the I/O thread asks for a lane, so this is it
            Unit first = take_front();
            auto connection = take_rested();
            lock.unlock();
            return lanes->start(std::move(first), std::move(connection));
        }
        call_anybody();
    }

    void start_lanes() {
        std::unique_lock lock(mutex);
        lanes_called = false;
        while (!stopping && front_is_a_lanes()) {
            Unit unit = take_front();
            auto connection = take_rested();
            lock.unlock();
            lanes->start(std::move(unit), std::move(connection));
            lock.lock();
        }
        call_anybody();
    }

    /// On the lane's fiber: its unit, and then what else waits for a lane.
    void serve(Lane& lane) {
        while (true) {
            serve_one(lane);
            {
                const std::lock_guard lock(mutex);
                const bool another = lane.connection && !stopping && !queue.empty() && queue.front().by_lane && !queue.front().fresh;
                if (another) {
                    lane.unit = take_front();
                    continue;
                }
            }
            auto connection = lane.release();
            const std::lock_guard lock(mutex);
            give_back(std::move(connection));
            return call_anybody();
        }
    }

    void serve_one(Lane& lane) {
        const Unit unit = std::move(lane.unit);
        std::exception_ptr failure;
        try {
            refuse_if_late(unit);
            lane.connection->wait_by(&lane);
            lane.connection->give_up_at(give_up_at(unit));
            run_once(*lane.connection, options, projects, *unit.run, *unit.work);
        } catch (const Lane::Abandoned&) {
            return lane.drop_connection();
        } catch (const TryAgain&) { // not of a lone statement that reads, but who knows them all; to wait, and to connect, is for a worker
            return hand_over(unit);
        } catch (const ConnectionLost&) {
            lane.drop_connection();
            if (!is_late(unit)) return hand_over(unit);
            failure = std::make_exception_ptr(Refusal(problems::deadline_exceeded));
        } catch (...) {
            if (!lane.connection->usable()) lane.drop_connection();
            failure = std::current_exception();
        }
        unit.done(failure);
    }

    void hand_over(Unit unit) {
        unit.fresh = true;
        std::unique_lock lock(mutex);
        if (!stopping) return queue.push_front(std::move(unit));
        lock.unlock();
        unit.done(std::make_exception_ptr(unavailable()));
    }

    void work_loop() {
        std::unique_lock lock(mutex);
        while (true) {
            ++idle;
            const bool woken = wake.wait_for(lock, idle_life, [this] { return stopping || front_is_a_workers(); });
            --idle;
            if (stopping) break; // what was queued has been answered
            if (!woken) {
                close_rested(lock);
                if (live > 1) break; // one stays, to close what lies idle
                continue;
            }
            Unit unit = take_front();
            std::unique_ptr<Connection> connection;
            if (resting.empty())
                ++connections;
            else
                connection = take_rested();
            call_lanes();
            lock.unlock();
            if (unit.fresh) connection.reset();
            unit.done(execute(unit, connection));
            unit = {}; // what it held may end in destructors: not under the lock
            lock.lock();
            give_back(std::move(connection));
            call_lanes(); // what is a worker's, this one sees itself
        }
        --live;
        finished.push_back(std::this_thread::get_id());
    }

    void close_rested(std::unique_lock<std::mutex>& lock) {
        std::vector<Resting> closed;
        const auto now = Steady::now();
        while (connections > options.pool_min && !resting.empty() && now - resting.front().since >= idle_life) {
            closed.push_back(std::move(resting.front()));
            resting.erase(resting.begin());
            --connections;
        }
        lock.unlock();
        closed.clear();
        lock.lock();
    }

    std::exception_ptr execute(const Unit& unit, std::unique_ptr<Connection>& connection) {
        try {
            refuse_if_late(unit);
            run_with_retries(unit, connection);
            return nullptr;
        } catch (...) {
            return std::current_exception();
        }
    }

    void refuse_if_late(const Unit& unit) {
        const bool unwanted = unit.run->abandoned && unit.run->abandoned(); // nobody reads it
        if (!unwanted && !is_late(unit)) return;
        count(dropped);
        throw Refusal(problems::deadline_exceeded);
    }

    static bool has_deadline(const Unit& unit) { return unit.run->deadline != Steady::time_point{}; }
    static bool is_late(const Unit& unit) { return has_deadline(unit) && unit.run->deadline <= Steady::now(); }
    static Steady::time_point give_up_at(const Unit& unit) { return has_deadline(unit) ? unit.run->deadline + deadline_grace : Steady::time_point{}; }

    void run_with_retries(const Unit& unit, std::unique_ptr<Connection>& connection) {
        // A connection that the server closed while it lay idle is found out at `begin`: then, and only then, once more on a fresh one.
        for (int attempt = 0, reconnects = 0;;) {
            const bool fresh = connection == nullptr;
            try {
                if (fresh) connection = std::make_unique<Connection>(Connection::Settings{options.url, options.application_name, options.prepare});
                connection->give_up_at(give_up_at(unit));
                return run_once(*connection, options, projects, *unit.run, *unit.work);
            } catch (const TryAgain&) {
                if (++attempt >= max_tries) throw Refusal(problems::conflict, "The rows are being changed by others; try again");
                count(retried);
                back_off(attempt);
            } catch (const ConnectionLost& error) {
                connection.reset();
                if (is_late(unit)) throw Refusal(problems::deadline_exceeded);
                if (!fresh && reconnects++ == 0) continue; // nothing of the transaction can have been committed: `commit` has its own answer
                log::warn("the store is not reachable", {{"error", error.what()}});
                throw unavailable();
            } catch (...) {
                if (connection && !connection->usable()) connection.reset();
                throw;
            }
        }
    }

    void count(std::uint64_t& counter) {
        const std::lock_guard lock(mutex);
        ++counter;
    }
};

Database::Database(Options options, boost::asio::io_context& io) : impl_(std::make_shared<Impl>()) {
    impl_->options = std::move(options);
    impl_->lanes = std::make_shared<Lanes>(io, [impl = impl_.get()](Lane& lane) { impl->serve(lane); });
}

Database::~Database() {
    std::deque<Unit> left;
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
        left.swap(impl_->queue);
    }
    for (auto& unit : left) unit.done(std::make_exception_ptr(unavailable()));
    impl_->lanes->end();
    impl_->wake.notify_all();
    for (auto& thread : impl_->threads) thread.join();
    impl_->resting.clear();
}

Task<void> Database::run(Run run, std::function<void(Tx&)> work) {
    auto initiate = [](auto handler, Impl* impl, const Run* how, const std::function<void(Tx&)>* what) {
        // The handler is move-only and std::function copies: shared. Completed on the coroutine's own executor.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        Unit unit{how, what, [shared](std::exception_ptr error) {
                      const auto executor = boost::asio::get_associated_executor(*shared);
                      boost::asio::post(executor, [shared, error] { (*shared)(error); });
                  }};
        unit.by_lane = how->read_only && !how->serializable && impl->lanes->here();
        impl->submit(std::move(unit));
    };
    const auto keep_alive = impl_;
    const auto& token = boost::asio::use_awaitable;
    co_await boost::asio::async_initiate<decltype(token), void(std::exception_ptr)>(initiate, token, impl_.get(), &run, &work);
}

void Database::run_blocking(const Run& run, const std::function<void(Tx&)>& work) {
    std::mutex mutex;
    std::condition_variable wake;
    bool finished = false;
    std::exception_ptr failure;
    impl_->submit({&run, &work, [&](std::exception_ptr error) {
                       const std::lock_guard lock(mutex);
                       failure = error;
                       finished = true;
                       wake.notify_one();
                   }});
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return finished; });
    if (failure) std::rethrow_exception(failure);
}

std::optional<std::string> Database::probe() {
    try {
        Connection({impl_->options.url, impl_->options.application_name, false}).simple("select 1");
        return std::nullopt;
    } catch (const std::exception& error) {
        return error.what();
    }
}

std::optional<std::string> Database::unsafe_role() {
    Connection connection({impl_->options.url, impl_->options.application_name, false});
    const auto rows = connection.simple("select rolname from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)");
    if (rows.empty()) return std::nullopt;
    return "the role '" + std::string(rows[0][0].c_str()) + "' is a superuser or may bypass row-level security: projects would see each other's rows";
}

std::string Database::load_cursor_key() {
    Connection connection({impl_->options.url, impl_->options.application_name, false});
    const auto rows = connection.simple("select encode(bytes, 'hex') from gravity.instance_key where purpose = 'cursor'");
    if (rows.empty()) throw std::runtime_error("gravity.instance_key has no cursor key");
    impl_->options.cursor_key = rows[0][0].c_str();
    return impl_->options.cursor_key;
}

Database::Stats Database::stats() const {
    const std::lock_guard lock(impl_->mutex);
    const int resting = static_cast<int>(impl_->resting.size());
    return {impl_->connections, impl_->connections - resting, static_cast<int>(impl_->queue.size()), impl_->retried, impl_->dropped};
}

} // namespace gravity::pg
