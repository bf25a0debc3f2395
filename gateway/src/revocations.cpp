#include "revocations.hpp"

#include <algorithm>
#include <mutex>

namespace gravity::gateway {

void Revocations::add(Entries& entries, const std::string& key, Entry entry, std::int64_t now) {
    const std::unique_lock lock(mutex_);
    forget_old(now);
    const auto known = entries.find(key);
    if (known != entries.end()) entry.before = std::max(entry.before, known->second.before);
    else if (entries.size() >= most)
        entries.erase(std::min_element(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.second.until < b.second.until; }));
    entries.insert_or_assign(key, entry);
    any_.store(true, std::memory_order_release);
}

/// Once a minute: a day's revocations may come at once, when a gateway starts.
void Revocations::forget_old(std::int64_t now) {
    if (now < looked_through_ + 60 && now >= looked_through_) return;
    looked_through_ = now;
    for (Entries* entries : {&tokens_, &sessions_, &subjects_}) std::erase_if(*entries, [now](const auto& each) { return each.second.until < now; });
}

void Revocations::revoke_session(const std::string& id, std::int64_t now) { add(sessions_, id, {0, now + lifetime_seconds}, now); }

void Revocations::revoke_token(const std::string& id, std::int64_t now) { add(tokens_, id, {0, now + lifetime_seconds}, now); }

void Revocations::revoke_subject(const std::string& subject, std::int64_t before, std::int64_t now) {
    add(subjects_, subject, {before, now + lifetime_seconds}, now);
}

bool Revocations::covers(const auth::Claims& claims) const {
    if (!any_.load(std::memory_order_acquire)) return false;
    const std::shared_lock lock(mutex_);
    if (!claims.id.empty() && tokens_.find(claims.id) != tokens_.end()) return true;
    if (!claims.session.empty() && sessions_.find(claims.session) != sessions_.end()) return true;
    const auto subject = subjects_.find(claims.subject);
    return subject != subjects_.end() && claims.issued_at.value_or(subject->second.before - 1) < subject->second.before;
}

std::size_t Revocations::size() const {
    const std::shared_lock lock(mutex_);
    return tokens_.size() + sessions_.size() + subjects_.size();
}

} // namespace gravity::gateway
