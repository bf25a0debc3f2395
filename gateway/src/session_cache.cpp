#include "caching.hpp"
#include "compression.hpp"
#include "forward.hpp"
#include "refresh.hpp"
#include "session.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>

#include <boost/asio/post.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;

namespace {

bool is_safe(http::Method method) { return method == http::Method::get || method == http::Method::head || method == http::Method::options; }

std::int64_t whole_seconds(std::chrono::milliseconds time) { return std::chrono::floor<std::chrono::seconds>(time).count(); }

/// It is kept as it is sent.
void apply(const CompressionPlan& plan, Stored& draft) {
    draft.head = planned_head(draft.head, plan);
    draft.varies_here = plan.varies;
    if (plan.coding != http::Coding::identity && !draft.etag.empty() && !draft.etag.starts_with("W/")) draft.etag.insert(0, "W/");
}

} // namespace

/// A route without a cache pays one comparison; an unsafe request on such one may still make something outdated that another route has kept.
bool Session::has_cache() const {
    const ResponseCache& cache = core_.shared().cache;
    return admission_.route->cache != CacheUse::off ? cache.limits().bytes != 0 : !is_safe(method_) && cache.in_use();
}

/// True if the request needs to go nowhere, or not now. Its head has been written as it would go out.
bool Session::answered_by_cache(std::string_view bytes, const RequestHead& head) {
    const Route& route = *admission_.route;
    const std::string_view sent_host = head.host(bytes), host = sent_host.empty() ? std::string_view(cluster_->name) : sent_host;
    std::string url = cache_url(host, path_, head.query.in(bytes));
    if (!is_safe(method_)) {
        caching_ = std::make_unique<Caching>();
        caching_->invalidates = true;
        caching_->host = host;
        caching_->request.url = std::move(url);
        return false;
    }
    auto request = read_cache_request(bytes, head);
    // What a believed proxy says by `Forwarded` of host and scheme may be in the answer.
    if (!request || (trusted_peer_ && head.has(Known::forwarded))) {
        core_.shared().telemetry.cache.passed_by.add();
        admission_.extra_lines.append("Cache-Status: gravity; fwd=bypass\r\n");
        return false;
    }
    caching_ = std::make_unique<Caching>();
    caching_->request = *std::move(request);
    caching_->request.url = std::move(url);
    if (admission_.key) caching_->request.authorization = sha256("api-key\n" + admission_.key->claims->subject); // whatever token it comes to
    if (certificate_) caching_->request.authorization += certificate_->thumbprint; // credentials like others: the answer may depend on them
    std::string& space = caching_->request.space;
    space.append(client_.secure() ? "https\n" : "http\n").append(route.cache_space);
    if (route.compress) space.append("\n").append(http::to_string(coding_)); // it is kept as it is sent
    if (backend_) space.append("\n").append(std::to_string(backend_ - route.backends.data()));
    for (std::size_t i = 0; trusted_peer_ && i < head.field_count; ++i) {
        const std::string name = ascii::lower(head.fields[i].name.in(bytes));
        if (head.fields[i].known == Known::x_forwarded && name != "x-real-ip")
            space.append("\n").append(name).append(":").append(head.fields[i].value.in(bytes));
    }
    return seek_in_cache();
}

bool Session::seek_in_cache() {
    Caching& caching = *caching_;
    Telemetry::Cache& counts = core_.shared().telemetry.cache;
    caching.ticket = ++cache_ticket_;
    const ResponseCache::Waiter waiter = [weak = weak_from_this(), &core = core_, ticket = caching.ticket](const ResponseCache::Landing& landing) {
        if (weak.expired()) return; // and perhaps its core, when the process ends
        asio::post(core.io(), [weak, ticket, landing] {
            if (const auto self = weak.lock()) self->landed(landing, ticket);
        });
    };
    const Moment now = Moment::now();
    auto sought = core_.shared().cache.seek(caching.request, request_head_, now.steady, waiter);
    caching.stored = sought.stored;
    caching.lead = std::move(sought.lead);
    if (sought.waits) {
        counts.collapsed.add();
        wait(deadline_total_);
        return true;
    }
    switch (sought.step) {
    case CacheStep::use:
        counts.hits.add();
        use_stored(sought.stored, "hit");
        return true;
    case CacheStep::use_and_refresh:
        counts.stale.add();
        if (caching.lead) {
            counts.refreshes.add();
            const Exchange exchange{caching.request, request_head_, now, now, admission_.route->cache};
            std::make_shared<Refresh>(core_, snapshot_, *cluster_, exchange, sought.stored, std::move(caching.lead))->start(deadline_total_);
        }
        use_stored(sought.stored, "hit");
        return true;
    case CacheStep::give_up: {
        caching.stored.reset();
        static constexpr Problem not_kept{504, "not-cached", "Nothing is kept that could be used, and only that was asked for"};
        refuse(Refusal(not_kept));
        return true;
    }
    case CacheStep::validate:
    case CacheStep::fetch: break;
    }
    caching.note = caching.stored ? (caching.request.control.no_cache ? "fwd=request" : "fwd=stale") : "fwd=miss";
    caching.asked = now;
    caching.validating = sought.step == CacheStep::validate && !caching.request.head && !caching.request.ranged;
    if (caching.validating) request_head_ = with_validators(request_head_, *caching.stored);
    return false;
}

/// The fetch that this request waited for has ended.
void Session::landed(const ResponseCache::Landing& landing, std::uint64_t ticket) {
    if (phase_ != Phase::waiting || !caching_ || caching_->ticket != ticket) return;
    const auto self = end_wait();
    Caching& caching = *caching_;
    const auto now = std::chrono::steady_clock::now();
    if (landing.stored && selects(*landing.stored, caching.request, request_head_)) {
        if (decide(caching.request, landing.stored.get(), now) == CacheStep::use) return use_stored(landing.stored, "fwd=miss; collapsed");
        if (landing.failed && covers_failure(caching.request, *landing.stored, now)) return use_stored(landing.stored, "fwd=stale; collapsed");
    }
    if ((landing.again || landing.failed) && seek_in_cache()) return;
    if (caching.note.empty()) caching.note = "fwd=miss";
    if (caching.asked.steady == Time()) caching.asked = Moment::now();
    go_on();
}

/// Answers with what is kept.
void Session::use_stored(const StoredPtr& stored, std::string_view note) {
    drop_upstream();
    drop_hedge();
    use_.end(Outcome::neutral);
    if (client_writing_ || response_head_sent_) return cut(); // another answer has begun
    Caching& caching = *caching_;
    const Moment now = Moment::now();
    caching.stored = stored;
    phase_ = Phase::replying;
    finish_request_body();
    const Portion part = portion(*stored, caching.request, now.unix_seconds);
    ResponseHead& head = core_.response_head();
    if (const auto refusal = parse_response_head(part.head, method_, head)) {
        caching.stored.reset();
        return bad_response(refusal.detail);
    }
    const auto age = stored->age(now.steady);
    std::string& lines = admission_.extra_lines;
    lines.append("Age: ").append(std::to_string(whole_seconds(age))).append("\r\nCache-Status: gravity; ").append(note);
    lines.append("; ttl=").append(std::to_string(whole_seconds(stored->lifetime - age))).append("\r\n");
    write_response_head(part.head, head, response_facts(), response_head_);
    status_ = head.status;
    caching.body = stored->body;
    caching.sent = part.begin;
    caching.end = caching.request.head ? part.begin : part.end;
    caching.finished = caching.sends = true;
    send_collected();
}

/// The service has failed, but something is kept that may be used in this case.
bool Session::covered_by_cache() {
    Caching& caching = *caching_;
    if (!caching.stored || caching.sends || client_writing_ || response_head_sent_) return false;
    if (!covers_failure(caching.request, *caching.stored, std::chrono::steady_clock::now())) return false;
    const StoredPtr stale = caching.stored;
    core_.shared().telemetry.cache.stale.add();
    caching.lead.fail(stale);
    use_stored(stale, "fwd=stale; detail=failure");
    return true;
}

/// An answer to an unsafe request: what is kept of its URL, and of those that it names, is no longer so (RFC 9111 section 4.4).
void Session::outdate(std::string_view bytes, const ResponseHead& head) {
    ResponseCache& cache = core_.shared().cache;
    const auto now = std::chrono::steady_clock::now();
    cache.purge_url(caching_->request.url, now);
    for (std::size_t i = 0; i < head.field_count; ++i) {
        const std::string_view name = head.fields[i].name.in(bytes);
        if (!http::iequals(name, "Location") && !http::iequals(name, "Content-Location")) continue;
        if (const auto url = referred_url(head.fields[i].value.in(bytes), caching_->host, path_)) cache.purge_url(*url, now);
    }
}

/// Of an answer of the service: true if something else goes to the client. It is settled whether it is kept.
bool Session::cache_takes(std::string_view bytes, const ResponseHead& head, const CompressionPlan& plan) {
    Caching& caching = *caching_;
    Telemetry& telemetry = core_.shared().telemetry;
    if (caching.invalidates) {
        if (head.status >= 200 && head.status < 400) outdate(bytes, head);
        caching_.reset();
        return false;
    }
    ResponseCache& cache = core_.shared().cache;
    const Exchange exchange{caching.request, request_head_, caching.asked, Moment::now(), admission_.route->cache};
    if (caching.validating && head.status == 304) {
        const StoredPtr fresh = freshened(*caching.stored, exchange, bytes, head);
        keep(fresh, caching.asked);
        telemetry.cache.revalidated.add();
        use_.end(Outcome::success);
        keep_or_drop_upstream();
        caching.lead.land(fresh);
        use_stored(fresh, caching.note + "; fwd-status=304");
        return true;
    }
    if (is_failure(head.status) && caching.stored && covers_failure(caching.request, *caching.stored, exchange.answered.steady)) {
        use_.end(Outcome::failure);
        return covered_by_cache();
    }
    telemetry.cache.misses.add();
    auto draft = event_stream_ ? std::nullopt : storable(exchange, bytes, head);
    if (!draft && caching.validating && !is_failure(head.status)) cache.forget(*caching.stored);
    const std::size_t size = head.framing.has_body() ? static_cast<std::size_t>(head.framing.content_length.value_or(cache.limits().body)) : 0;
    if (draft && size <= cache.limits().body) caching.room = cache.room(size);
    std::string& lines = admission_.extra_lines;
    lines.append("Cache-Status: gravity; ").append(caching.note).append("; fwd-status=").append(std::to_string(head.status));
    if (!caching.room) {
        // Of a failure others may be spared: one after the other tries.
        if (is_failure(head.status)) caching.lead = {};
        else caching.lead.decline(!draft || size > cache.limits().body);
        caching_.reset();
    } else {
        lines.append("; stored");
        caching.draft = std::move(draft);
        if (plan.varies || plan.coding != http::Coding::identity) apply(plan, *caching.draft);
        caching.sends = true;
    }
    lines.append("\r\n");
    return false;
}

void Session::keep(const StoredPtr& stored, const Moment& asked) {
    ResponseCache& cache = core_.shared().cache;
    cache.store(stored, asked.steady);
    core_.shared().telemetry.show(cache);
}

} // namespace gravity::gateway
