#include "auth/access_key_rows.hpp"
#include "base/testpoint.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/auth/access_keys.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/resilience/backoff.hpp>
#include <gravity/resilience/rate_limiter.hpp>
#include <gravity/resilience/single_flight.hpp>

#include <set>
#include <unordered_map>

namespace gravity::auth {
namespace {

using namespace std::chrono_literals;
using resilience::RateLimiter;
using Steady = std::chrono::steady_clock;

constexpr auto remembered_for = 5s;          // how late a replica may learn of a revocation
constexpr std::size_t most_remembered = 10'000;
constexpr std::size_t noted_at_once = 500;   // keys of one transaction that notes their use
constexpr int publishable_per_minute = 600;  // of a publishable key that names no figure
const Duration note_interval = Duration::seconds(300);

// The key is looked for among all projects: it is what tells which one it is.
const Sql<KeyRow(std::string)> find_key{"gravity.access_key.find", R"sql(
    select * from gravity.access_key where key_id = $1)sql"};
// Locked in one order: replicas note the same keys.
const Sql<void(std::vector<AccessKeyId>, Timestamp)> note_keys{"gravity.access_key.note_use", R"sql(
    with used as (select id from gravity.access_key where id = any($1) order by id for update)
    update gravity.access_key k set last_used_at = $2, version = version + 1 from used where k.id = used.id)sql"};

bool looks_like_key(std::string_view text) { return text.starts_with("gk_") || text.starts_with("gp_"); }

std::optional<PresentedKey> from_authorization(std::string_view field) {
    const auto blank = field.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const auto scheme = field.substr(0, blank), rest = ascii::trim(field.substr(blank));
    if (ascii::iequals(scheme, "Bearer")) {
        if (!looks_like_key(rest)) return std::nullopt;
        return PresentedKey{std::string(rest), false};
    }
    if (!ascii::iequals(scheme, "Basic")) return std::nullopt;
    const auto pair = base64_decode(rest); // RFC 7617
    if (!pair) return PresentedKey{"", true};
    const auto colon = pair->find(':');
    if (colon == std::string::npos) return PresentedKey{"", true};
    const std::string password = pair->substr(colon + 1);
    return PresentedKey{password.empty() ? pair->substr(0, colon) : password, true};
}

Refusal refused(bool basic) {
    return Refusal(problems::unauthenticated)
        .with_header("WWW-Authenticate", basic ? "Basic realm=\"gravity\", charset=\"UTF-8\"" : "Bearer error=\"invalid_token\"");
}

Caller caller_of_row(const KeyRow& row) {
    Caller caller;
    caller.subject = "access_key:" + row.id.to_string();
    caller.project = row.project;
    caller.scopes = row.scopes;
    if (row.expires_at) caller.expires_at = row.expires_at->unix_seconds();
    return caller;
}

bool in_force(const KeyRow& row, Timestamp at) { return !row.revoked_at && (!row.expires_at || at < *row.expires_at); }

} // namespace

std::optional<PresentedKey> presented_key(const http::Request& request) {
    if (const auto field = request.headers.get("Authorization")) {
        if (request.headers.count("Authorization") != 1) return std::nullopt;
        return from_authorization(*field);
    }
    if (const auto field = request.headers.get("X-API-Key")) return PresentedKey{std::string(ascii::trim(*field)), false};
    for (const auto part : ascii::split(request.query, '&'))
        if (part.starts_with("key=")) return PresentedKey{http::percent_decode(part.substr(4), true).value_or(""), false};
    return std::nullopt;
}

struct AccessKeys::State {
    struct Known {
        KeyRow row;
        Steady::time_point until;
        std::shared_ptr<RateLimiter> limiter; // null: none
    };

    State(boost::asio::io_context& context, pg::Database& db, Options o) : io(context), database(db), options(std::move(o)) {}

    boost::asio::io_context& io;
    pg::Database& database;
    Options options;
    std::unordered_map<std::string, Known> known; // by key id; only keys that exist, so nobody can fill it by guessing
    resilience::SingleFlight<std::string, std::optional<KeyRow>> flights;
    std::set<AccessKeyId> used; // to be noted
    bool noting = false, noting_fails = false;

    Task<std::optional<KeyRow>> load(std::string key_id) {
        std::optional<KeyRow> row;
        pg::Run run;
        run.scope = pg::Scope::system("access key look-up");
        run.read_only = true;
        run.deadline = Steady::now() + 5s;
        std::function<void(Tx&)> work = [&row, &key_id](Tx& tx) { row = tx.maybe(find_key, key_id); };
        co_await database.run(std::move(run), std::move(work));
        co_return row;
    }

    Known* remembered(const std::string& key_id) {
        const auto at = known.find(key_id);
        return at != known.end() && Steady::now() < at->second.until ? &at->second : nullptr;
    }

    Known& remember(KeyRow row) {
        if (known.size() >= most_remembered)
            std::erase_if(known, [now = Steady::now()](const auto& entry) { return entry.second.until <= now; });
        if (known.size() >= most_remembered) known.clear();
        Known& entry = known[row.key_id];
        const auto before = entry.row.requests_per_minute;
        const int rate = row.requests_per_minute ? row.requests_per_minute->value() : row.kind == KeyKind::publishable ? publishable_per_minute
                                                                                                                       : 0;
        if (rate == 0)
            entry.limiter.reset();
        else if (!entry.limiter || before != row.requests_per_minute)
            entry.limiter = std::make_shared<RateLimiter>(static_cast<std::uint64_t>(rate), 1min, static_cast<std::uint64_t>(std::max(1, rate / 6)));
        entry.row = std::move(row);
        entry.until = Steady::now() + remembered_for;
        return entry;
    }

    // The row and the limiter, by value: others may change the map while a coroutine waits.
    Task<std::optional<Known>> find(std::string key_id) {
        std::optional<Known> found;
        if (const Known* entry = remembered(key_id)) {
            found = *entry;
            co_return found;
        }
        State* const self = this;
        std::function<Task<std::optional<KeyRow>>()> work = [self, key_id] { return self->load(key_id); };
        auto row = co_await flights.run(key_id, std::move(work));
        if (row) found = remember(*std::move(row));
        else known.erase(key_id);
        co_return found;
    }

    // "Last used" is for people who wonder whether a key may go: a few minutes' exactness is enough. It is noted beside the request, which neither
    // waits for it nor fails with it.
    static void note_use(const std::shared_ptr<State>& self, const KeyRow& row) {
        const Timestamp at = now();
        if (row.last_used_at && at < *row.last_used_at + note_interval) return;
        if (const auto entry = self->known.find(row.key_id); entry != self->known.end()) entry->second.row.last_used_at = at;
        if (self->used.size() < most_remembered) self->used.insert(row.id);
        if (!std::exchange(self->noting, true)) spawn(self->io, "use of access keys", [self] { return note_all(self); });
    }

    // One transaction at a time, so that a slow store costs one worker; what is used meanwhile is gathered for the next. What could not be written is
    // forgotten: the row keeps its old time, so a use after it has been read again notes it.
    static Task<void> note_all(std::shared_ptr<State> self) {
        while (!self->used.empty()) {
            std::vector<AccessKeyId> ids;
            while (!self->used.empty() && ids.size() < noted_at_once) ids.push_back(self->used.extract(self->used.begin()).value());
            pg::Run run;
            run.scope = pg::Scope::system("access keys used");
            run.deadline = Steady::now() + 5s;
            std::function<void(Tx&)> work = [&ids, at = now()](Tx& tx) {
                GRAVITY_TESTPOINT("auth.note_use");
                tx.exec(note_keys, ids, at);
            };
            std::string failure;
            try {
                co_await self->database.run(std::move(run), std::move(work));
            } catch (const std::exception& error) {
                failure = error.what();
            }
            if (!failure.empty() && !self->noting_fails) log::warn("the use of access keys cannot be noted", {{"keys", ids.size()}, {"reason", failure}});
            self->noting_fails = !failure.empty();
        }
        self->noting = false;
    }
};

AccessKeys::AccessKeys(boost::asio::io_context& io, pg::Database& database, Options options)
    : state_(std::make_shared<State>(io, database, std::move(options))) {}
AccessKeys::~AccessKeys() = default;

Task<Caller> AccessKeys::caller_of(PresentedKey key, AcceptKeys accept) {
    const auto state = state_;
    const auto parsed = AccessKey::parse(key.text);
    if (!parsed || (parsed->kind() == KeyKind::publishable && accept != AcceptKeys::publishable)) throw refused(key.basic);
    const auto found = co_await state->find(parsed->id());
    if (!found || found->row.kind != parsed->kind() || !parsed->matches(found->row.hash.view()) || !in_force(found->row, now())) throw refused(key.basic);
    if (found->limiter) {
        const auto decision = found->limiter->take(Steady::now());
        if (!decision.allowed)
            throw Refusal(problems::rate_limited, "The access key has made all the requests it may for now")
                .with_header("Retry-After", std::to_string(resilience::retry_after_seconds(decision.retry_after)));
    }
    State::note_use(state, found->row);
    co_return caller_of_row(found->row);
}

Task<std::optional<AccessKeys::SigningKey>> AccessKeys::signing_key(std::string key_id) {
    const auto state = state_;
    std::optional<SigningKey> result;
    const auto found = co_await state->find(key_id);
    if (!found || !found->row.sealed || !state->options.sealing || found->row.kind != KeyKind::secret || !in_force(found->row, now())) co_return result;
    auto secret = state->options.sealing->open(*found->row.sealed, found->row.id.to_string());
    if (!secret) {
        log::error("a sealed access key cannot be opened", {{"key", found->row.id.to_string()}, {"reason", secret.why()}});
        throw Refusal(problems::integrity_violation);
    }
    result.emplace(SigningKey{caller_of_row(found->row), *std::move(secret)});
    co_return result;
}

void AccessKeys::forget(const std::string& key_id) { state_->known.erase(key_id); }
bool AccessKeys::keeps_secrets() const { return state_->options.sealing != nullptr; }

std::string AccessKeys::seal(const AccessKey& key, std::string_view row_id) const {
    const std::string text = key.text().reveal();
    return state_->options.sealing->seal(text.substr(text.rfind('_') + 1), row_id);
}

} // namespace gravity::auth
