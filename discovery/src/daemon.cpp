#include "daemon.hpp"

#include "api_access.hpp"
#include "archive.hpp"
#include "explain.hpp"
#include "monitor.hpp"
#include "snapshot.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/metrics/metrics.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <limits>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t tick_us = 30'000'000;
constexpr std::int64_t remembered_us = 900'000'000; // tombstones and the indexes of what has gone
constexpr std::size_t most_steps = 16;              // of clearing up at a time
constexpr auto look_for_client = 10s;               // a client that hung up is noticed so late at most
constexpr std::string_view snapshot_path = "/v1/snapshot";
constexpr std::string_view node_id_setting = "node_id";
constexpr std::string_view store_name_setting = "store_name"; // of the store, not of its node: it tells followers whose index they have

// Of callers by a token of the access rules: the registry is one for all projects.
const ProjectId every_project = ProjectId::parse("00000000-0000-8000-8000-646973636f76").or_throw();

std::int64_t unix_us() { return now().unix_us(); }

// The same for every daemon that calls its node so.
std::string node_id_of(const std::string& cluster, const std::string& node) {
    std::string id = hex_encode(sha256(cluster + '/' + node)).substr(0, 32);
    id[12] = '8'; // version 8: made up (RFC 9562)
    id[16] = '8';
    for (const std::size_t place : {20, 16, 12, 8}) id.insert(place, 1, '-');
    return id;
}

http::Response plain(int status, std::string text) {
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body = std::move(text);
    return response;
}

http::Response response_of(api::Answer answer) {
    http::Response response;
    response.status = answer.status;
    if (!answer.body.empty()) response.headers.add("Content-Type", answer.content_type);
    response.body = std::move(answer.body);
    if (answer.filtered) response.headers.add("X-Consul-Results-Filtered-By-ACLs", "true");
    return response;
}

// What every read of Consul tells.
void add_consul_headers(http::Response& response, const api::Blocking& blocking, const Standing& standing) {
    response.headers.add("X-Consul-KnownLeader", standing.known_leader ? "true" : "false");
    response.headers.add("X-Consul-LastContact", std::to_string(standing.age.count()));
    response.headers.add("X-Consul-Effective-Consistency", blocking.consistency);
}

// Up to a sixteenth more, so that clients that came together do not come again together.
std::chrono::microseconds with_jitter(std::int64_t wait_us) {
    std::uint64_t random = 0;
    fill_random(&random, sizeof random);
    return std::chrono::microseconds(wait_us + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(wait_us / 16 + 1)));
}

// Those are large: not on the thread that answers everybody.
Task<std::string> unpacked(std::string file, std::size_t limit) {
    std::string why;
    try {
        std::string state = co_await blocking(unpack_archive, std::move(file), limit);
        co_return state;
    } catch (const SnapshotError& error) {
        why = error.what();
    }
    throw api::ApiError(400, why);
}

AclOptions acl_of(DaemonOptions& options) {
    options.acl.datacenter = options.agent.datacenter;
    return std::move(options.acl);
}

} // namespace

struct Daemon::Gauges {
    static metrics::Gauge of(std::string_view name, std::string_view help) { return metrics::gauge(name, help).with({}); }
    metrics::Gauge waiters = of("gravity_discovery_waiters", "Blocking queries that wait now");
    metrics::Gauge nodes = of("gravity_discovery_nodes", "Nodes in the catalog");
    metrics::Gauge instances = of("gravity_discovery_instances", "Service instances in the catalog");
    metrics::Gauge checks = of("gravity_discovery_checks", "Health checks in the catalog");
    metrics::Gauge checks_running = of("gravity_discovery_checks_running", "Checks executed here");
    metrics::Gauge keys = of("gravity_discovery_keys", "Keys of the key-value store");
    metrics::Gauge sessions = of("gravity_discovery_sessions", "Sessions, which may hold locks");
    metrics::Gauge index = of("gravity_discovery_index", "Index of the last change");
};

Daemon::Daemon(boost::asio::io_context& io, std::unique_ptr<Store> store, DaemonOptions options)
    : Daemon(io, std::make_unique<LocalEngine>(io, std::move(store), unix_us), std::move(options)) {}

Daemon::Daemon(boost::asio::io_context& io, std::unique_ptr<Engine> engine, DaemonOptions options)
    : io_(io),
      agent_(options.agent),
      engine_(std::move(engine)),
      hub_(io, options.max_waiters),
      checker_(io, *engine_, agent_.scripts),
      calls_(unix_us),
      acl_(acl_of(options)),
      caller_of_(std::move(options.caller_of)),
      management_token_made_(acl_.initial_management().empty()),
      alarm_(io),
      gauges_(std::make_unique<Gauges>()) {
    engine_->listen([this](const std::vector<Change>& changes, const std::set<std::string>& touched) { on_changes(changes, touched); });
    const Model& model = engine_->model();
    const std::int64_t time = steady_now().count_us();
    for (const auto& [key, instance] : model.table<Instance>())
        timekeeper_.on_change(ChangeOf<Instance>{key, instance, instance->modify_index}, time, unix_us());
    for (const auto& [key, check] : model.table<Check>()) {
        const ChangeOf<Check> change{key, check, check->modify_index};
        timekeeper_.on_change(change, time, unix_us());
        checker_.on_change(change);
    }
    for (const auto& [id, session] : model.table<Session>())
        timekeeper_.on_change(ChangeOf<Session>{id, session, session->modify_index}, time, unix_us());
    if (agent_.node_id.empty() && engine_->is_shared()) {
        agent_.node_id = node_id_of(engine_->store_name(), agent_.node);
    } else if (agent_.node_id.empty()) {
        const Setting* known = model.find<Setting>(node_id_setting);
        agent_.node_id = known != nullptr ? known->value : Uuid::v4().to_string();
    }
    std::string store_name = engine_->store_name();
    if (store_name.empty()) {
        const Setting* named = model.find<Setting>(store_name_setting);
        store_name = named != nullptr ? named->value : Uuid::v4().to_string().substr(0, 8);
        engine_->post(PutSetting{std::string(store_name_setting), store_name});
    }
    watches_ = std::make_unique<Watches>(model, store_name);
    follow_duties();
    register_self(true);
    measure();
    if (options.dns) {
        options.zone.node = agent_.node;
        options.zone.datacenter = agent_.datacenter;
        dns::Zone::AskAccess access = [this](const std::string& query_token) {
            if (query_token.empty() || !acl_.enabled()) return acl_.dns_access(engine_->model(), unix_us());
            return acl_.access_of_kept(engine_->model(), query_token, unix_us()).value_or(Access::unknown("ACL not found"));
        };
        dns_ = std::make_unique<dns::Server>(io, *options.dns, std::make_shared<dns::Zone>(model, std::move(options.zone), std::move(access)));
    }
}

Daemon::~Daemon() = default;

void Daemon::measure() {
    const Model& model = engine_->model();
    gauges_->nodes.set(static_cast<double>(model.table<Node>().size()));
    gauges_->instances.set(static_cast<double>(model.table<Instance>().size()));
    gauges_->checks.set(static_cast<double>(model.table<Check>().size()));
    gauges_->checks_running.set(static_cast<double>(checker_.running()));
    gauges_->keys.set(static_cast<double>(model.table<KvEntry>().size()));
    gauges_->sessions.set(static_cast<double>(model.table<Session>().size()));
    gauges_->index.set(static_cast<double>(model.index()));
}

void Daemon::follow_duties() {
    Engine::Duties duties;
    duties.changed = [this] {
        if (!draining_) checker_.review();
        review_aliases();
        alarm_.cancel();
    };
    duties.anew = [this] { timekeeper_.begin_anew(steady_now().count_us()); };
    duties.renewed = [this](const std::string& renewal) { timekeeper_.renew(renewal, engine_->model(), steady_now().count_us()); };
    engine_->on_duties(std::move(duties));
}

void Daemon::register_self(bool at_start) {
    if (!engine_->is_shared()) engine_->post(PutSetting{std::string(node_id_setting), agent_.node_id});
    // Daemons that share a store may share a node too: none puts its own address and port in the place of another's again and again.
    const Model& model = engine_->model();
    if (engine_->is_shared() && !at_start && model.find<Node>(agent_.node) != nullptr && model.find<Instance>(key_of(agent_.node, "consul")) != nullptr) return;
    Register self;
    self.own_node = true; // a host may have been given another name, as a container is at every start
    Node node;
    if (const Node* known = engine_->model().find<Node>(agent_.node)) node = *known;
    node.name = agent_.node;
    node.id = agent_.node_id;
    node.address = agent_.address;
    // As Consul's agents have them: clients look for an address by these names.
    const std::string family = node.address.find(':') == std::string::npos ? "_ipv4" : "_ipv6";
    for (const std::string network : {"lan", "wan"}) node.tagged_addresses[network] = node.tagged_addresses[network + family] = node.address;
    node.meta = agent_.node_meta;
    node.meta["consul-network-segment"] = "";
    node.meta["consul-version"] = agent_.version;
    self.node = std::move(node);
    // A server is a service of its own catalog: clients find it there.
    Instance consul;
    consul.node = agent_.node;
    consul.id = consul.name = "consul";
    consul.port = agent_.port;
    self.instance = std::move(consul);
    Check alive;
    alive.node = agent_.node;
    alive.id = serf_health_id;
    alive.name = "Serf Health Status";
    alive.status = Status::passing;
    alive.output = "Agent alive and reachable";
    self.checks.push_back(std::move(alive));
    self.keep_status = false;
    engine_->post(std::move(self));
}

void Daemon::on_changes(const std::vector<Change>& changes, const std::set<std::string>& touched) {
    const std::int64_t time = steady_now().count_us();
    bool own_node = false;
    for (const Change& change : changes) {
        timekeeper_.on_change(change, time, unix_us());
        if (const auto* check = std::get_if<ChangeOf<Check>>(&change); check != nullptr && !draining_) checker_.on_change(*check);
        if (const auto* node = std::get_if<ChangeOf<Node>>(&change)) own_node = own_node || node->key == agent_.node;
        // The first time, or a snapshot was put in the place of everything: then the token may have gone with it.
        if (std::holds_alternative<ChangeOf<AclMark>>(change)) management_token_made_ = acl_.initial_management().empty();
    }
    if (touched.contains(watch::acl)) review_aliases();
    hub_.wake(touched);
    watches_->on_changes(changes);
    measure();
    // Somebody took this node out of the catalog, or a snapshot replaced it: it comes back. What is as it should be is not written again.
    if (own_node && !draining_) register_self();
    if (engine_->leads() && timekeeper_.next() < alarm_at_) alarm_.cancel();
}

// Who has lost the permission to see something does not see it by an alias check of his either.
void Daemon::review_aliases() {
    if (!engine_->leads()) return;
    for (PermitAlias& change : changed_permissions(engine_->model(), acl_, unix_us())) engine_->post(std::move(change), Authority::leader);
}

std::optional<std::string> Daemon::store_failure() {
    const bool alone = !engine_->is_shared(); // with others it is found out all the time
    if (!alone && !engine_->standing().known_leader && engine_->store_failure().empty()) return "No cluster leader";
    if (engine_->store_failure().empty()) return std::nullopt;
    if (!alone) return engine_->store_failure();
    engine_->post(PutSetting{"last_try", now().to_string()}); // the next write tells whether it is over
    return engine_->store_failure();
}

void Daemon::drain() {
    draining_ = true;
    hub_.close();
    checker_.stop();
}

Task<void> Daemon::resign() { return engine_->resign(); }

void Daemon::age() {
    const std::int64_t time = steady_now().count_us();
    const Model& model = engine_->model();
    ages_.emplace_back(time, model.index());
    while (ages_.size() > 1 && time - ages_[1].first >= remembered_us) ages_.pop_front();
    const bool remembers = time - ages_.front().first >= remembered_us;
    if (remembers) engine_->forget_departed(ages_.front().second);
    if (!engine_->leads()) return;
    // In as many steps as the store takes it in; what is left then is for the next time.
    const std::size_t at_most = engine_->rows_at_once();
    const auto clear = [&](std::size_t rows, const Command& command) {
        const std::size_t steps = std::min(rows / at_most + (rows % at_most != 0 ? 1 : 0), most_steps);
        for (std::size_t step = 0; step < steps; ++step) engine_->post(command, Authority::leader);
    };
    clear(model.table<LockDelay>().size(), ReapLockDelays{at_most});
    auto owners = histories_to_forget(model, unix_us());
    const std::size_t histories = owners.size();
    clear(histories, ForgetHistories{std::move(owners), at_most});
    const auto is_over = [wall = unix_us()](const auto& one) { return one.second->expires_us && *one.second->expires_us <= wall; };
    const auto& tokens = model.table<AclToken>();
    clear(static_cast<std::size_t>(std::count_if(tokens.begin(), tokens.end(), is_over)), ReapTokens{at_most});
    if (remembers) clear(model.table<Tombstone>().size(), ReapTombstones{ages_.front().second, at_most});
}

Task<void> Daemon::keep_time() {
    const auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    std::int64_t next_tick = 0;
    while (!draining_) {
        const std::int64_t time = steady_now().count_us();
        const bool leads = engine_->leads();
        if (leads)
            for (Timekeeper::Due& due : timekeeper_.due_with_doubt(time)) engine_->post(std::move(due.command), Authority::leader, std::move(due.still));
        if (time >= next_tick) {
            age();
            register_self(); // comes back if somebody took it out of the catalog; else writes nothing
            next_tick = time + tick_us;
        }
        alarm_at_ = leads ? std::min(timekeeper_.next(), next_tick) : next_tick;
        const Duration pause = clock::real(Duration::microseconds(std::max<std::int64_t>(alarm_at_ - time, 0)));
        alarm_.expires_after(std::chrono::microseconds(pause.count_us()));
        co_await alarm_.async_wait(token);
    }
}

// At once where this daemon keeps the time; with others, when all are told.
std::string Daemon::renew(const api::WritePlan& plan) {
    if (plan.renews.empty()) return {};
    const bool session = plan.renewed == api::Renewed::session, instance = plan.renewed == api::Renewed::instance;
    std::string renewal(1, session ? renewal::session : instance ? renewal::instance
                                                                 : renewal::check);
    renewal += plan.renews;
    if (engine_->is_shared()) return renewal;
    timekeeper_.renew(renewal, engine_->model(), steady_now().count_us());
    return {};
}

Task<void> Daemon::handle(http::Exchange& exchange) {
    http::Response response;
    try {
        response = co_await answer(exchange);
    } catch (const api::ApiError& error) {
        response = plain(error.status, error.what());
        if (error.status == 405) {
            const std::string text = error.what();
            response.headers.add("Allow", text.substr(text.rfind(' ') + 1));
        }
    }
    if (exchange.responded()) co_return; // a stream, which has ended
    co_await exchange.respond(std::move(response));
}

/// A request and whose it is.
struct Daemon::Asked {
    api::Call call;
    api::Blocking blocking;
    std::string secret;
    Access access;
};

Task<http::Response> Daemon::answer(http::Exchange& exchange) {
    http::Request& request = exchange.request();
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    Asked asked;
    asked.call = api::parse_call(request.method, request.path, request.query, {});
    asked.blocking = api::blocking_of(asked.call.query);
    asked.call.sender = api::sender_in(request);
    if (acl_.enabled()) {
        asked.secret = api::secret_in(request.headers, asked.call.query);
        asked.access = co_await access_of(asked.secret);
    }
    if (!reads) {
        api::admit(context_of(asked), asked.call); // nobody sends half a gigabyte to be told that he may not
        const std::size_t limit = api::body_limit(request.path);
        const bool fits = co_await exchange.read_body(limit);
        if (!fits) co_return plain(413, "Request body too large, max size: " + std::to_string(limit) + " bytes.");
        if (request.path == snapshot_path) request.body = co_await unpacked(std::move(request.body), limit);
        asked.call.body = request.body;
    }
    const bool of_this_daemon = asked.call.path.starts_with("agent/") || asked.call.path.starts_with("status/");
    if (reads && engine_->is_shared() && !of_this_daemon) co_await become_current(asked.blocking);
    api::Plan plan = api::decide(context_of(asked), asked.call);
    if (auto* wanted = std::get_if<api::ReadPlan>(&plan)) {
        http::Response response = co_await read(exchange, std::move(asked), std::move(*wanted));
        co_return response;
    }
    if (auto* wanted = std::get_if<api::WritePlan>(&plan)) {
        http::Response response = co_await write(std::move(*wanted));
        co_return response;
    }
    if (const auto* wanted = std::get_if<api::MonitorPlan>(&plan)) {
        co_await follow_log(io_, exchange, *wanted);
        co_return http::Response();
    }
    co_return response_of(std::move(std::get<api::Answer>(plan)));
}

// What a read that is not "stale" may take for the state of things.
Task<void> Daemon::become_current(api::Blocking blocking) {
    if (blocking.consistency == "stale") co_return;
    bool current = engine_->standing().known_leader;
    if (current && blocking.consistency == "consistent") current = co_await engine_->catch_up();
    if (!current) throw api::ApiError(500, "No cluster leader");
    // The client has seen more at another daemon.
    const auto index = static_cast<std::int64_t>(std::min<std::uint64_t>(blocking.index, std::numeric_limits<std::int64_t>::max()));
    if (index <= engine_->model().index()) co_return;
    const auto deadline = std::chrono::steady_clock::now() + std::min<std::chrono::steady_clock::duration>(std::chrono::microseconds(blocking.wait_us), 5s);
    co_await engine_->reach(index, deadline);
}

Task<http::Response> Daemon::write(api::WritePlan plan) {
    std::string renewal = renew(plan);
    Reply reply = co_await engine_->run(std::move(plan.command), std::move(renewal));
    co_return response_of(plan.answer(reply));
}

api::Context Daemon::context_of(const Asked& asked) { return {engine_->model(), agent_, cache_, asked.access, &acl_, asked.secret}; }

Task<Access> Daemon::access_of(std::string secret) {
    if (!management_token_made_) co_await make_management_token();
    std::string why;
    try {
        co_return acl_.access_of(engine_->model(), secret, unix_us());
    } catch (const UnknownToken& unknown) {
        why = unknown.what();
    }
    if (caller_of_ && looks_like_jwt(secret)) {
        const std::optional<Caller> caller = co_await caller_of_(secret);
        if (caller) co_return acl_.access_of(*caller);
    }
    co_return Access::unknown(std::move(why));
}

// Nothing if it is none of ours. The anonymous token counts where somebody has given it something; else nobody has said who he is.
Task<std::optional<Access>> Daemon::access_by_own_token(std::string secret) {
    if (!acl_.enabled() || looks_like_jwt(secret)) co_return std::nullopt;
    if (!management_token_made_) co_await make_management_token();
    const bool is_anonymous = secret.empty() && acl_.tokens().default_token.empty();
    if (is_anonymous && !acl_.default_allow() && engine_->model().find<AclToken>(anonymous_accessor) == nullptr) co_return std::nullopt;
    try {
        co_return acl_.access_of(engine_->model(), secret, unix_us());
    } catch (const UnknownToken&) {
        co_return std::nullopt;
    }
}

Task<std::optional<Caller>> Daemon::caller_of(const http::Request& request) {
    std::string secret = api::secret_in(request.headers, {});
    const std::optional<Access> access = co_await access_by_own_token(std::move(secret));
    if (!access) co_return std::nullopt;
    Caller caller; // may ask; what he is shown is for the rules to say
    caller.subject = "acl:" + access->accessor();
    caller.project = every_project;
    caller.scopes = {"discovery:read"};
    co_return caller;
}

Task<std::optional<Access>> Daemon::access_of(const http::Request& request, const Caller* caller) {
    if (!acl_.enabled()) co_return std::nullopt;
    std::string secret = api::secret_in(request.headers, {});
    std::optional<Access> access = co_await access_by_own_token(std::move(secret));
    if (!access && caller != nullptr) access = acl_.access_of(*caller);
    co_return access ? *access : Access::unknown("ACL not found");
}

// Before anybody is told that it is not there.
Task<void> Daemon::make_management_token() {
    BootstrapAcl bootstrap;
    bootstrap.only_if_new = true;
    AclToken& token = bootstrap.token;
    token.accessor = Uuid::v4().to_string();
    token.secret_hash = hash_of_secret(acl_.initial_management());
    token.sealed = acl_.seal(acl_.initial_management(), token.accessor);
    token.description = "Initial Management Token";
    token.grants.policies = {management_policy().id};
    token.create_time_us = unix_us();
    Command command = std::move(bootstrap);
    const Reply reply = co_await engine_->run(std::move(command));
    if (reply.status == 200) management_token_made_ = true;
}

Task<http::Response> Daemon::read(http::Exchange& exchange, Asked asked, api::ReadPlan plan) {
    using Clock = std::chrono::steady_clock;
    const Model& model = engine_->model();
    const api::Blocking& blocking = asked.blocking;
    std::int64_t rules_index = model.index_of(watch::acl);
    const bool blocks = blocking.index > 0 || !blocking.hash.empty();
    const http::Headers& fields = exchange.request().headers;
    if (!plan.looks_up.empty()) calls_.note(api::inquirer_of(fields, asked.access), plan.looks_up);
    std::shared_ptr<const void> following;
    const Clock::time_point deadline = Clock::now() + (blocks ? with_jitter(blocking.wait_us) : std::chrono::microseconds(blocking.wait_us));
    std::uint64_t index = 0;
    api::Answer answer;
    for (;;) {
        index = plan.index ? plan.index(model) : static_cast<std::uint64_t>(model.index_of(plan.watched));
        // An index from the future (of another server, of a store since replaced) is answered at once with the true one.
        const bool grows = blocking.index > 0 && index <= blocking.index && blocking.index <= static_cast<std::uint64_t>(model.index());
        bool wait = plan.index ? index == blocking.index : grows;
        if (!blocking.hash.empty()) {
            answer = plan.answer(model);
            wait = wait || (!answer.hash.empty() && answer.hash == blocking.hash);
        }
        if (!wait || draining_ || Clock::now() >= deadline || exchange.client_gone()) break;
        if (hub_.full()) throw api::ApiError(429, "Too many blocking queries");
        if (!following && !plan.looks_up.empty()) following = calls_.follow(api::inquirer_of(fields, asked.access), plan.looks_up);
        const Clock::time_point until = std::min(deadline, Clock::now() + Clock::duration(look_for_client));
        gauges_->waiters.set(static_cast<double>(hub_.waiting() + 1));
        co_await hub_.wait(plan.watched, until);
        gauges_->waiters.set(static_cast<double>(hub_.waiting()));
        if (acl_.enabled() && model.index_of(watch::acl) != rules_index) { // what was permitted before may not be any more
            rules_index = model.index_of(watch::acl);
            asked.access = co_await access_of(asked.secret);
            plan = std::get<api::ReadPlan>(api::decide(context_of(asked), asked.call));
        }
    }
    if (blocking.hash.empty()) answer = plan.answer(model);
    const std::string hash = answer.hash;
    http::Response response = response_of(std::move(answer));
    if (exchange.request().path == snapshot_path)
        response.body = co_await gravity::blocking(pack_archive, std::move(response.body), model.index(), now().unix_seconds());
    // The index that the client has may be of another daemon, which had not seen the last change to this itself and gave that of its start.
    if (engine_->is_shared() && !plan.index && blocking.index <= static_cast<std::uint64_t>(model.index())) index = std::max(index, blocking.index);
    response.headers.add("X-Consul-Index", std::to_string(index));
    if (!hash.empty()) response.headers.add("X-Consul-ContentHash", hash);
    add_consul_headers(response, blocking, engine_->standing());
    co_return response;
}

} // namespace gravity::registry
