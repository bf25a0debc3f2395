#include "pg/connection.hpp"

#include <gravity/base/ascii.hpp>

#include <pqxx/except>
#include <pqxx/prepared_statement>
#include <pqxx/tablewriter>

namespace gravity::pg {

namespace {

// What every session is set to, so that texts read and mean the same everywhere.
constexpr std::string_view session_settings =
    "set session time zone 'UTC'; set session datestyle to 'ISO'; set session intervalstyle to 'iso_8601'; "
    "set session client_encoding to 'UTF8'; set session standard_conforming_strings to on; "
    "set session idle_in_transaction_session_timeout to '60s'; "
    "set session jit to off"; // requests are short: compiling a plan costs more than it ever saves (100 ms on a listing)

std::string with_options(const Connection::Settings& settings) {
    const bool is_uri = settings.url.starts_with("postgres://") || settings.url.starts_with("postgresql://");
    if (!is_uri) return settings.url + " application_name=" + settings.application_name + " connect_timeout=5";
    std::string url = settings.url;
    url += url.find('?') == std::string::npos ? '?' : '&';
    return url + "application_name=" + settings.application_name + "&connect_timeout=5";
}

bool broken(const std::string& state) {
    // Class 08: connection; 57P01..03: shutting down or starting; 25P03: idle in transaction too long.
    return state.starts_with("08") || state.starts_with("57P") || state == "25P03";
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

Connection::Connection(const Settings& settings) : prepare_(settings.prepare) {
    try {
        connection_ = std::make_unique<pqxx::connection>(with_options(settings));
        connection_->set_verbosity(pqxx::connection_base::verbose);
        // Deprecated in 6.4 because 7 has no reactivation at all: a silently renewed connection would lose the transaction.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
        direct_ = std::make_unique<pqxx::nontransaction>(*connection_);
    } catch (const std::exception& error) {
        throw ConnectionLost(first_line(error.what()));
    }
    simple(std::string(session_settings));
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
    if (state.empty() || broken(state) || !connection_->is_open()) {
        usable_ = false;
        throw ConnectionLost(first_line(what));
    }
    throw ServerError(first_line(what), state, constraint_of(what));
}

pqxx::result Connection::simple(const std::string& sql) {
    return guarded([&] { return direct_->exec(sql); });
}

pqxx::result Connection::execute(const std::string& name, const std::string& sql, const Values& values) {
    std::vector<const char*> pointers;
    pointers.reserve(values.size());
    for (const auto& value : values) pointers.push_back(value ? value->c_str() : nullptr);
    const auto parameters = pqxx::prepare::make_dynamic_params(pointers);
    return guarded([&] {
        if (!prepare_) return direct_->exec_params(sql, parameters);
        if (prepared_.insert(name).second) connection_->prepare(name, sql);
        return direct_->exec_prepared(name, parameters);
    });
}

void Connection::copy(const std::string& table, const std::string& columns, std::size_t count, const std::function<void(std::size_t, std::string&)>& next_line) {
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

void Connection::end_read() noexcept {
    if (!std::exchange(read_open_, false)) return;
    try {
        simple("commit");
    } catch (const std::exception&) {
        usable_ = false; // nothing is lost by it: nothing was written
    }
}

std::string Connection::quote(const std::string& text) const { return connection_->quote(text); }

} // namespace gravity::pg
