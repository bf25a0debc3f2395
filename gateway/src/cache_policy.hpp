#pragma once

#include "cache_control.hpp"
#include "head.hpp"
#include "service_spec.hpp"

#include <gravity/http/message.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a shared cache may keep and when it may use it (RFC 9111), without the keeping. Pure: the time is given.
namespace gravity::gateway {

/// One moment by both clocks: ages are measured by one that never jumps, dates are compared by the calendar.
struct Moment {
    std::chrono::steady_clock::time_point steady;
    std::int64_t unix_seconds = 0;
    static Moment now();
};

/// What of a request the cache goes by.
struct CacheRequest {
    std::string url;   // host, path and query: what is purged, and what an unsafe method invalidates
    std::string space; // what besides decides which answer it gets, though no Vary says so: scheme, route and backend, fields of a trusted proxy
    bool head = false; // the method: HEAD, else GET
    CacheControl control;
    std::string authorization; // a digest of the credentials; empty: none
    http::Request conditions;  // its If-None-Match, If-Modified-Since, Range and If-Range, and nothing else
    bool conditional = false, ranged = false;

    /// Others may wait for its answer, and it for that of another.
    bool collapses() const { return !head && !conditional && !ranged && !control.no_cache && !control.max_age && !control.min_fresh; }
};

/// The part of a URL that is a key of the cache; the host in lower case.
std::string cache_url(std::string_view host, std::string_view path, std::string_view query);
/// The same of what an operator writes: "shop.example/a?b=c", perhaps with "https://" before it. Nothing if there is no path, or it has no normal form.
std::optional<std::string> parse_cache_url(std::string_view text);
/// The key that a Location or Content-Location of an answer means, if it is one of the same host; else nothing (RFC 9111 section 4.4).
std::optional<std::string> referred_url(std::string_view reference, std::string_view host, std::string_view path);

/// Reads the fields that count, all but `url` and `space`; nothing if the cache has no part in such a request (its method, a body, WebSocket, no-store,
/// If-Match ...).
std::optional<CacheRequest> read_cache_request(std::string_view bytes, const RequestHead& head);

/// An answer that is kept, with all that is to be known for its use. Immutable once it is shared.
struct Stored {
    std::string url, space;
    std::string owner; // a digest of the only credentials it is for; empty: for everybody
    std::string head;  // as it came, without what ends at this hop and Age, with Date and Content-Length
    std::shared_ptr<const std::string> body;
    int status = 200;
    std::vector<std::pair<std::string, std::string>> selecting; // fields that Vary names, in lower case, as the request had them
    std::string etag, last_modified;                            // as they came; empty: none
    std::optional<std::int64_t> modified;
    std::int64_t date = 0;
    std::chrono::steady_clock::time_point received;
    std::chrono::milliseconds initial_age{0};
    std::chrono::seconds lifetime{0};
    std::chrono::seconds while_revalidate{0}, if_error{0};
    bool varies_here = false;     // "Vary: Accept-Encoding" in its head is the gateway's own: each coding is in a space of its own
    bool always_validate = false; // no-cache
    bool never_stale = false;     // must-revalidate, proxy-revalidate, s-maxage
    std::vector<std::string> tags;

    std::chrono::milliseconds age(std::chrono::steady_clock::time_point now) const;
    bool has_validator() const { return !etag.empty() || !last_modified.empty(); }
    /// Bytes of memory, about.
    std::size_t size() const;
};
using StoredPtr = std::shared_ptr<const Stored>;

struct Exchange {
    const CacheRequest& request;
    std::string_view request_head; // as it went to the service
    Moment asked, answered;
    CacheUse use = CacheUse::shared;
};
/// The answer as it is to be kept, still without its body; nothing if it must not be kept, or could never be used.
std::optional<Stored> storable(const Exchange& exchange, std::string_view bytes, const ResponseHead& head);
/// Gives it its body, whole.
StoredPtr complete(Stored stored, std::string body);
/// What is kept, after the service has said by a 304 that it is still so (section 3.2, 4.3.4).
StoredPtr freshened(const Stored& stored, const Exchange& exchange, std::string_view bytes, const ResponseHead& head);

/// It was an answer to a request like this (section 4.1), in this space, and is for this caller.
bool selects(const Stored& stored, const CacheRequest& request, std::string_view request_head);

enum class CacheStep : std::uint8_t {
    use,
    use_and_refresh, // stale, but may be used while it is validated
    validate,        // ask whether it is still so
    fetch,
    give_up, // only-if-cached, and it is not: 504
};
/// `stored` may be null.
CacheStep decide(const CacheRequest& request, const Stored* stored, std::chrono::steady_clock::time_point now);
/// The service has failed: it may be used nevertheless (RFC 5861 section 4).
bool covers_failure(const CacheRequest& request, const Stored& stored, std::chrono::steady_clock::time_point now);
/// A status that is such a failure.
bool is_failure(int status);

/// The request with the validators of what is kept instead of the client's own.
std::string with_validators(std::string_view request_head, const Stored& stored);

/// What a client gets of it: all, nothing new (304), or a part (206).
struct Portion {
    std::string head; // status and fields
    std::size_t begin = 0, end = 0; // of the body
};
Portion portion(const Stored& stored, const CacheRequest& request, std::int64_t unix_now);

} // namespace gravity::gateway
