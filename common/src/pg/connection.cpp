#include "pg/connection.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/log/log.hpp>

#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/tablewriter>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <poll.h>
#include <sys/socket.h>

namespace gravity::pg {

/// libpqxx's connection, which also tells the handle of libpq that it holds. Its policies are libpqxx 6's door to it; 7 has one of its own.
class Session final : public pqxx::connection_base {
public:
    explicit Session(const std::string& options) : connection_base(policy_), policy_(options) {
        init();
        set_verbosity(verbose);
        // Deprecated in 6.4 because 7 has no reactivation at all: a silently renewed connection would lose the transaction.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        inhibit_reactivation(true);
#pragma GCC diagnostic pop
    }
    ~Session() noexcept { close(); }
    PGconn* handle() const { return policy_.held; }

private:
    struct Policy final : pqxx::connect_direct {
        using connect_direct::connect_direct;
        handle do_startconnect(handle connection) override { return held = connect_direct::do_startconnect(connection); }
        handle held = nullptr;
    };
    Policy policy_;
};

namespace {

// What every session is set to, so that texts read and mean the same everywhere.
constexpr const char* session_settings =
    "set session time zone 'UTC'; set session datestyle to 'ISO'; set session intervalstyle to 'iso_8601'; "
    "set session client_encoding to 'UTF8'; set session standard_conforming_strings to on; "
    "set session idle_in_transaction_session_timeout to '60s'; "
    "set session jit to off"; // requests are short: compiling a plan costs more than it ever saves (100 ms on a listing)

std::string with_options(const Connection::Settings& settings) {
    const bool is_uri = settings.url.starts_with("postgres://") || settings.url.starts_with("postgresql://");
    std::string url = settings.url;
    const auto add = [&](std::string_view name, std::string_view value) {
        url += !is_uri ? " " : url.find('?') == std::string::npos ? "?"
                                                                  : "&";
        url.append(name).append("=").append(value);
    };
    add("application_name", settings.application_name);
    add("connect_timeout", "5");
    // To look for a Kerberos ticket costs half a megabyte of libraries' memory; who encrypts by one says so.
    if (url.find("gssencmode=") == std::string::npos && std::getenv("PGGSSENCMODE") == nullptr) add("gssencmode", "disable");
    return url;
}

bool broken(std::string_view state) {
    // Class 08: connection; 57P01..03: shutting down or starting; 25P03: idle in transaction too long.
    return state.starts_with("08") || state.starts_with("57P") || state == "25P03";
}

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string() : std::string(text);
}

// "relation exists, skipping" and the like are for whoever looks for them; libpq's own processor would print them.
void notice(void*, const PGresult* result) {
    const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const bool warning = severity != nullptr && std::strcmp(severity, "WARNING") == 0;
    log::write(warning ? log::Level::warn : log::Level::debug, log::current_scope(), "postgresql", {{"notice", field(result, PG_DIAG_MESSAGE_PRIMARY)}});
}

} // namespace

std::string first_line(std::string_view error) {
    auto line = error.substr(0, error.find('\n'));
    for (const std::string_view prefix : {"ERROR:", "FATAL:", "PANIC:"})
        if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
    return std::string(ascii::trim(line));
}

std::string sqlstate_of(std::string_view verbose_error) {
    const auto colon = verbose_error.find(':');
    if (colon == std::string_view::npos) return {};
    const auto rest = ascii::trim(verbose_error.substr(colon + 1));
    if (rest.size() < 6 || rest[5] != ':') return {};
    for (const char c : rest.substr(0, 5))
        if (!ascii::is_digit(c) && !ascii::is_upper(c)) return {};
    return std::string(rest.substr(0, 5));
}

std::string constraint_of(std::string_view verbose_error) {
    constexpr std::string_view label = "CONSTRAINT NAME:";
    const auto begin = verbose_error.find(label);
    if (begin == std::string_view::npos) return {};
    const auto rest = verbose_error.substr(begin + label.size());
    return std::string(ascii::trim(rest.substr(0, rest.find('\n'))));
}

std::int64_t Rows::affected() const {
    const std::string_view text(PQcmdTuples(result_.get()));
    std::int64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count); // empty for what touches no rows
    return count;
}

Connection::Connection(const Settings& settings) : prepare_(settings.prepare) {
    try {
        session_ = std::make_unique<Session>(with_options(settings));
        direct_ = std::make_unique<pqxx::nontransaction>(*session_);
    } catch (const std::exception& error) {
        throw ConnectionLost(first_line(error.what()));
    }
    handle_ = session_->handle();
    PQsetNoticeReceiver(handle_, &notice, nullptr);
    simple(session_settings);
}

Connection::~Connection() = default;

void Connection::lost() {
    usable_ = false;
    const std::string why = first_line(PQerrorMessage(handle_));
    throw ConnectionLost(why.empty() ? "the connection broke" : why);
}

void Connection::fail(const PGresult* result, std::size_t command) {
    const std::string state = field(result, PG_DIAG_SQLSTATE), what = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == "40001" || state == "40P01") throw TryAgain(what);
    // A migration has changed what a prepared `select *` gives: a new connection prepares it anew. The text of it is translated, its place is not.
    const bool outdated = state == "0A000" && field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery";
    // An error without a state is libpq's own: the socket died in mid-statement.
    if (state.empty() || outdated || broken(state) || PQstatus(handle_) == CONNECTION_BAD) {
        if (what.empty()) lost();
        usable_ = false;
        throw ConnectionLost(what);
    }
    throw ServerError(what, state, field(result, PG_DIAG_CONSTRAINT_NAME), command);
}

void Connection::pipelined(bool on) {
    if ((PQpipelineStatus(handle_) != PQ_PIPELINE_OFF) == on) return;
    const int done = on ? PQenterPipelineMode(handle_) : PQexitPipelineMode(handle_);
    if (done != 1) lost(); // only between exchanges, so nothing is under way that could forbid it
    // libpqxx waits inside of libpq; an exchange waits here, for room to send as well.
    if (PQsetnonblocking(handle_, on ? 1 : 0) != 0) lost();
}

template <class F>
pqxx::result Connection::guarded(F&& call) {
    std::string what, state;
    try {
        return call();
    } catch (const pqxx::sql_error& error) {
        what = error.what();
        state = error.sqlstate();
    } catch (const pqxx::failure& error) { // broken_connection; and transaction_rollback, which is no sql_error in 6.4
        what = error.what();
    }
    if (state.empty()) state = sqlstate_of(what);
    if (state == "40001" || state == "40P01") throw TryAgain(first_line(what));
    // A socket that died in mid-statement is reported as an error without a state.
    if (state.empty() || broken(state) || !session_->is_open()) {
        usable_ = false;
        throw ConnectionLost(first_line(what));
    }
    throw ServerError(first_line(what), state, constraint_of(what));
}

pqxx::result Connection::simple(const std::string& sql) {
    pipelined(false);
    return guarded([&] { return direct_->exec(sql); });
}

void Connection::copy(const std::string& table, const std::string& columns, std::size_t count,
                      const std::function<void(std::size_t, std::string&)>& next_line) {
    pipelined(false);
    guarded([&] {
    // Deprecated in 6.4 in favour of stream_to, which takes no finished lines.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        const std::string whole[] = {columns};
        pqxx::tablewriter writer(*direct_, table, std::begin(whole), std::end(whole));
#pragma GCC diagnostic pop
        std::string line;
        for (std::size_t i = 0; i < count; ++i) {
            next_line(i, line);
            writer.write_raw_line(line);
        }
        writer.complete();
        return pqxx::result();
    });
}

Rows Connection::execute(const std::string& name, const std::string& sql, const Values& values) {
    const Command command{name, sql, values};
    return exchange({&command, 1});
}

Rows Connection::exchange(std::span<const Command> commands) {
    pipelined(true);
    send(commands);
    return receive(commands);
}

void Connection::send(std::span<const Command> commands) {
    preparing_.assign(commands.size(), false);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const Command& command = commands[i];
        if (prepare_ && !command.name.empty() && !prepared_.contains(command.name)) {
            bool earlier = false; // in this very exchange
            for (std::size_t k = 0; k < i; ++k) earlier = earlier || (preparing_[k] && commands[k].name == command.name);
            preparing_[i] = !earlier;
            if (preparing_[i] && PQsendPrepare(handle_, command.name.c_str(), command.sql.c_str(), 0, nullptr) != 1) lost();
        }
        send_one(command);
    }
    if (PQpipelineSync(handle_) != 1) lost();
    flush();
}

// The server may itself wait for us to read before it reads on.
void Connection::flush() {
    for (int left = PQflush(handle_); left != 0; left = PQflush(handle_)) {
        if (left < 0) lost();
        await(Wait::For::input_or_room);
        if (PQconsumeInput(handle_) != 1) lost();
    }
}

void Connection::send_one(const Command& command) {
    pointers_.clear();
    for (const auto& value : command.values) pointers_.push_back(value ? value->c_str() : nullptr);
    const int count = static_cast<int>(pointers_.size());
    const int sent = prepare_ && !command.name.empty()
                         ? PQsendQueryPrepared(handle_, command.name.c_str(), count, pointers_.data(), nullptr, nullptr, 0)
                         : PQsendQueryParams(handle_, command.sql.c_str(), count, nullptr, pointers_.data(), nullptr, nullptr, 0);
    if (sent != 1) lost();
}

namespace {

class Poll final : public Wait {
public:
    bool ready(int socket, For what, std::chrono::steady_clock::time_point limit) override {
        using namespace std::chrono;
        while (true) {
            int left = -1;
            if (limit != steady_clock::time_point{})
                left = static_cast<int>(std::clamp<std::int64_t>(ceil<milliseconds>(limit - steady_clock::now()).count(), 0, std::numeric_limits<int>::max()));
            pollfd waiting{socket, static_cast<short>(what == For::input ? POLLIN : POLLIN | POLLOUT), 0};
            const int found = ::poll(&waiting, 1, left);
            if (found < 0 && errno == EINTR) continue;
            return found != 0; // what else may be wrong, libpq finds and says
        }
    }
};

} // namespace

void Connection::await(Wait::For what) {
    Poll poll;
    Wait& wait = wait_ == nullptr ? poll : *wait_;
    usable_ = false; // until it is known what came: the wait may end by an exception as well
    if (wait.ready(PQsocket(handle_), what, give_up_at_)) {
        usable_ = true;
        return;
    }
    ::shutdown(PQsocket(handle_), SHUT_RDWR); // so that nothing else waits for it either
    throw ConnectionLost("the server has not answered in time");
}

// As PQgetResult, which waits in place and without end: TCP does not tell a server that has stopped from one that thinks.
PGresult* Connection::next_result() {
    while (PQisBusy(handle_) == 1) {
        await(Wait::For::input);
        if (PQconsumeInput(handle_) != 1) break; // what is wrong, PQgetResult says
    }
    return PQgetResult(handle_);
}

// After an error the server skips what is left of the exchange, and libpq says so for each; all is read, so that the connection is good for the next.
Rows Connection::receive(std::span<const Command> commands) {
    Rows rows, error;
    std::size_t failed = 0;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        for (int part = preparing_[i] ? 0 : 1; part < 2; ++part) {
            PGresult* result = next_result();
            if (result == nullptr) lost();
            Rows got(result);
            const auto status = PQresultStatus(result);
            if (PQstatus(handle_) == CONNECTION_BAD) fail(result, i);
            if (status == PGRES_FATAL_ERROR && failed == 0) {
                error = std::move(got);
                failed = i + 1;
            } else if (part == 0 && status == PGRES_COMMAND_OK) {
                prepared_.insert(commands[i].name);
            } else {
                rows = std::move(got);
            }
            PQclear(next_result()); // the end of this command's results
        }
    }
    Rows sync(next_result());
    if (PQstatus(handle_) == CONNECTION_BAD) lost();
    if (failed != 0) fail(error.get(), failed - 1);
    return rows;
}

bool Connection::in_transaction() const { return PQtransactionStatus(handle_) != PQTRANS_IDLE; }
bool Connection::in_failed_transaction() const { return PQtransactionStatus(handle_) == PQTRANS_INERROR; }

} // namespace gravity::pg
