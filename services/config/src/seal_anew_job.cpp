#include "seal_anew_job.hpp"

#include "cipher.hpp"
#include "git_secrets.hpp"
#include "git_store.hpp"
#include "secrets_store.hpp"
#include "spring_key_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/log/log.hpp>

namespace gravity::config {
namespace {

constexpr int keys_sealed_at_once = 500; // a transaction that others hardly notice

/// What became of some of it.
struct SealedSome {
    std::optional<Uuid> last; // how far it has come; nothing: that was all
    int count = 0;
    int closed = 0; // that do not open
    std::string such_as;

    void add(const SealedSome& more) {
        last = more.last;
        count += more.count;
        closed += more.closed;
        if (such_as.empty()) such_as = more.such_as;
    }
};

/// Nothing to be written: it is sealed by the first key, or does not open.
std::optional<std::string> sealed_anew(const Vault& vault, const std::string& sealed, const std::string& bound_to, SealedSome& some) {
    if (vault.current(sealed)) return std::nullopt;
    auto anew = vault.sealed_anew(sealed, bound_to);
    ++(anew ? some.count : some.closed);
    if (!anew) some.such_as = bound_to;
    return anew;
}

SealedSome seal_data_keys(Tx& tx, const std::optional<Uuid>& after, const Vault* vault) {
    SealedSome some;
    const std::vector<DataKeyRow> rows = tx.all(some_data_keys, after, keys_sealed_at_once);
    for (const DataKeyRow& row : rows) {
        const auto sealed = sealed_anew(*vault, row.sealed, row.id.to_string(), some);
        if (sealed) tx.exec(save_data_key, row.id, *sealed); // what it seals is the same, whoever comes first
    }
    if (rows.size() == static_cast<std::size_t>(keys_sealed_at_once)) some.last = rows.back().id;
    return some;
}

SealedSome seal_credentials(Tx& tx, const Vault* vault) {
    SealedSome some;
    for (const GitCredentialsRow& row : tx.all(all_git_credentials)) {
        const auto sealed = sealed_anew(*vault, row.sealed, git_bound_to(row.source_id), some);
        if (sealed) tx.exec(reseal_git_credentials, row.source_id, *sealed, row.sealed);
    }
    if (const auto row = tx.maybe(read_spring_key)) {
        const auto sealed = sealed_anew(*vault, row->sealed, spring_key_bound_to(tx.project()), some);
        if (sealed) tx.exec(reseal_spring_key, *sealed, row->sealed);
    }
    return some;
}

bool has_sealed(Tx& tx) {
    const std::optional<Uuid> from_the_first;
    return !tx.all(some_data_keys, from_the_first, 1).empty() || !tx.all(all_git_credentials).empty() || tx.maybe(read_spring_key);
}

} // namespace

Task<void> seal_anew(JobCtx& job, SealAnew) {
    const Vault* vault = &job.get<Vault>();
    if (!vault->has_key()) {
        const bool any = co_await job.transaction(has_sealed);
        if (any) vault->note_closed();
        co_return;
    }
    SealedSome all;
    for (bool more = true; more;) {
        const SealedSome some = co_await job.transaction(seal_data_keys, all.last, vault);
        all.add(some);
        more = all.last.has_value();
    }
    const SealedSome others = co_await job.transaction(seal_credentials, vault);
    all.add(others);
    const std::string project = job.project().to_string();
    if (all.count > 0) log::info("sealed anew", {{"project", project}, {"count", std::to_string(all.count)}});
    if (all.closed > 0) // one line, however many there are
        log::error("what is sealed cannot be sealed anew", {{"project", project}, {"count", std::to_string(all.closed)}, {"such_as", all.such_as}});
}

} // namespace gravity::config
