#include "asking.hpp"

#include "privacy.hpp"
#include "privacy_store.hpp"
#include "problems.hpp"
#include "receipts.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/discovery/client.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::user {
namespace {

constexpr std::string_view personal_data_tag = "personal-data";
constexpr auto most_patience = std::chrono::seconds(60); // as long as the route may take
constexpr std::int64_t quarter_of_an_hour = 900;

std::set<std::string> holders_in(const std::optional<std::string>& list) {
    std::set<std::string> names;
    for (const auto part : ascii::split(list.value_or(""), ','))
        if (const auto name = ascii::trim(part); !name.empty()) names.emplace(name);
    return names;
}

struct OpenTask {
    std::string holder;
    std::optional<std::string> place; // behind the parts that it has answered
};

/// Who of the platform has not answered yet.
struct Open {
    PrivacyKind kind{};
    std::optional<Subject> subject{};
    std::vector<FormerAccount> former{}; // what is known by these is theirs too
    std::vector<OpenTask> tasks{};
};

// From now on the request waits for them too. Those that are new to it hear of it as well: whichever way is quicker, the answer is the same.
Open open_tasks(Tx& tx, PrivacyRequestId id, std::vector<std::string> registered) {
    const auto request = tx.maybe(lock_privacy_request, id);
    if (!request || (request->state != PrivacyState::collecting && request->state != PrivacyState::erasing)) return {};
    const auto subject = subject_of(tx, *request);
    if (!subject) return {};
    auto added = tx.all(add_tasks, id, registered, tx.now());
    std::sort(added.begin(), added.end());
    ask_holders(tx, *request, *subject, std::move(added));
    Open open{request->kind, subject, tx.all(former_accounts, request->user_id), {}};
    for (const StoredTask& task : tx.all(list_tasks, id))
        if (task.state != TaskState::answered && std::find(registered.begin(), registered.end(), task.holder.str()) != registered.end())
            open.tasks.push_back({task.holder.str(), task.place});
    return open;
}

// Its rows are those of all parts.
void hear_of_call(Tx& tx, std::string service, PrivacyRequestId id, TaskAnswer answer) {
    constexpr std::int64_t most_rows = 1'000'000'000'000;
    const Slug holder = Slug::parse(service).or_throw();
    tx.maybe(lock_holder, holder);
    answer.rows = std::min(most_rows, answer.rows.value() + tx.one(rows_in_parts, id, holder));
    take_answer(tx, holder, id, answer);
}

bool hear_of_part(Tx& tx, PrivacyRequestId id, OpenTask task, CollectedPart part) {
    const Slug holder = Slug::parse(task.holder).or_throw();
    return keep_part(tx, holder, id, task.place, part);
}

// At the same time for all that happens within a quarter of an hour, so that many who ask leave one job. What has ended is not taken up again.
void ask_again(Tx& tx, PrivacyRequestId id) {
    const auto request = tx.maybe(lock_privacy_request, id);
    if (!request || request->state == PrivacyState::certified || request->state == PrivacyState::cancelled || request->state == PrivacyState::expired) return;
    const std::int64_t next = (tx.now().unix_seconds() / quarter_of_an_hour + 1) * quarter_of_an_hour;
    advance_at(tx, id, Timestamp::from_unix_seconds(next));
}

// What it answers, or nothing.
Task<std::optional<CollectedPart>> ask_once(JobCtx& job, PrivacyRequestId id, Open open, OpenTask task) {
    const bool erasure = open.kind == PrivacyKind::erasure;
    discovery::Neighbour neighbour;
    neighbour.service = task.holder;
    neighbour.scope = erasure ? "people:erase" : "people:collect";
    discovery::Outgoing call;
    call.method = erasure ? http::Method::delete_ : http::Method::get;
    call.target = "/internal/projects/" + job.project().to_string() + "/people/{subject}";
    discovery::fill_path(call.target, "subject", meta::ref(*open.subject));
    std::string query = erasure ? "request=" + id.to_string() : std::string();
    for (const FormerAccount& account : open.former) query += (query.empty() ? "former=" : "&former=") + base64url_encode(account.subject.view());
    if (task.place) query += (query.empty() ? "place=" : "&place=") + http::percent_encode(*task.place);
    if (!query.empty()) call.target += "?" + query;
    call.attempt_timeout = most_patience;
    call.deadline = std::chrono::steady_clock::now() + most_patience;
    call.traceparent = job.traceparent();
    auto& neighbours = job.get<discovery::Neighbours>();
    const discovery::Incoming incoming = co_await neighbours.send(neighbour, std::move(call));
    CollectedPart answer;
    std::string fault = incoming.absence;
    if (incoming.response && incoming.response->status != 200) fault = "it answered " + std::to_string(incoming.response->status);
    if (incoming.response && incoming.response->status == 200) fault = discovery::read_answer(*incoming.response, meta::mutable_ref(answer));
    if (fault.empty() && (erasure ? !answer.method : !answer.data)) fault = "its answer lacks what was asked for";
    if (!fault.empty()) {
        log::warn("a service did not answer for a person's data", {{"of", task.holder}, {"request", id.to_string()}, {"reason", fault}});
        co_return std::nullopt;
    }
    co_return answer;
}

// Part by part, and each is kept as it comes: whoever is killed goes on behind the last. False: it has not answered.
Task<bool> ask_service(JobCtx& job, PrivacyRequestId id, Open open, OpenTask task) {
    for (std::int64_t part = 0; part <= most_parts_of_one; ++part) {
        job.check();
        const std::optional<CollectedPart> answer = co_await ask_once(job, id, open, task);
        if (!answer) co_return false;
        if (open.kind == PrivacyKind::erasure || !answer->next) {
            const TaskAnswer whole = *answer;
            co_await job.transaction(hear_of_call, task.holder, id, whole);
            co_return true;
        }
        const CollectedPart more = *answer;
        bool kept = false;
        std::string fault;
        try {
            kept = co_await job.transaction(hear_of_part, id, task, more);
        } catch (const Refusal& refusal) {
            fault = refusal.problem().title;
        }
        if (!fault.empty())
            log::warn("a part of an answer for a person's data is not kept", {{"of", task.holder}, {"request", id.to_string()}, {"reason", fault}});
        if (!kept) co_return false;
        task.place = more.next->str();
    }
    co_return false;
}

} // namespace

RegisteredHolders::RegisteredHolders(boost::asio::io_context& io, const app::PlatformSettings& platform, const Settings& settings)
    : named_(holders_in(settings.data_holders)),
      catalog_(io, platform.discovery_mode == app::DiscoveryMode::consul ? platform.discovery_url : std::string(), platform.discovery_token) {}

Task<std::vector<std::string>> RegisteredHolders::names() {
    std::string wanted(personal_data_tag);
    std::set<std::string> names = co_await catalog_.with_tag(std::move(wanted));
    names.insert(named_.begin(), named_.end());
    names.erase(std::string(own_holder));
    std::erase_if(names, [](const std::string& name) { return !Slug::parse(name); });
    if (names.size() > static_cast<std::size_t>(most_holders)) throw std::runtime_error("more services keep personal data than are asked");
    co_return std::vector<std::string>(names.begin(), names.end());
}

Task<void> advance_privacy_request(JobCtx& job, AdvancePrivacyRequest what) {
    auto& registered = job.get<RegisteredHolders>();
    std::vector<std::string> names;
    std::string fault;
    try {
        names = co_await registered.names();
    } catch (const std::exception& error) {
        fault = error.what();
    }
    if (!fault.empty()) {
        log::warn("a privacy request waits: it is not known who keeps personal data", {{"request", what.request_id.to_string()}, {"reason", fault}});
        co_return co_await job.transaction(ask_again, what.request_id);
    }
    const Open open = co_await job.transaction(open_tasks, what.request_id, names);
    bool all = true;
    for (const OpenTask& task : open.tasks) {
        const bool answered = co_await ask_service(job, what.request_id, open, task);
        all = all && answered;
    }
    if (!all) co_await job.transaction(ask_again, what.request_id);
    const Certifier* const certifier = &job.get<Certifier>();
    const ErasureLedger* const ledger = &job.get<ErasureLedger>();
    bool noted = true;
    try {
        co_await job.transaction(advance_request, what.request_id, certifier, ledger);
    } catch (const Refusal& refusal) {
        if (refusal.problem().slug != erasure_not_noted.slug) throw;
        noted = false;
    }
    if (!noted) co_await job.transaction(ask_again, what.request_id); // it is tried until it can be, not so many times
}

} // namespace gravity::user
