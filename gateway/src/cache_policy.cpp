#include "cache_policy.hpp"

#include "forward.hpp"
#include "path.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/http/conditional.hpp>

#include <algorithm>
#include <array>

namespace gravity::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds for_ever{std::int64_t{1} << 31};
constexpr std::string_view vary_line = "Vary: Accept-Encoding\r\n";
constexpr std::size_t most_head = 48 * 1024; // places in a head are told by 16 bits

template <std::size_t N>
bool among(std::string_view name, const std::array<std::string_view, N>& names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) { return http::iequals(name, known); });
}

/// Calls `visit(line, name, value)` for each field line of a head that this gateway has written.
template <class Visit>
void each_line(std::string_view head, Visit visit) {
    head.remove_prefix(head.find('\n') + 1);
    while (head.size() > 2) {
        const std::string_view line = head.substr(0, head.find('\n') + 1);
        head.remove_prefix(line.size());
        const std::size_t colon = line.find(':');
        visit(line, line.substr(0, colon), ascii::trim(line.substr(colon + 1)));
    }
}

std::string joined(std::string_view head, std::string_view name) {
    std::string all;
    bool first = true;
    each_line(head, [&](std::string_view, std::string_view known, std::string_view value) {
        if (!http::iequals(known, name)) return;
        if (!std::exchange(first, false)) all += ", ";
        all += value;
    });
    return all;
}

/// Of a list the first counts (section 5.1). Nothing for what is no number, or is said twice.
std::optional<std::uint32_t> parse_age(std::string_view value) {
    const std::vector<std::string_view> members = ascii::split(value, ',');
    const auto first = parse_delta_seconds(ascii::trim(members.front()));
    for (std::size_t i = 1; i < members.size(); ++i) {
        const auto other = parse_delta_seconds(ascii::trim(members[i]));
        if (!other || other == first) return std::nullopt;
    }
    return first;
}

/// What an answer says of its own use.
struct Said {
    CacheControl control;
    std::optional<std::int64_t> date, expires, modified;
    unsigned expires_lines = 0, ages = 0;
    std::optional<std::uint32_t> age; // nothing although there are `ages`: it cannot be read
    std::vector<std::string> vary;    // lower case
    std::string etag, last_modified;
    std::vector<std::string> tags;
    bool cookie = false;
};

Said read(std::string_view bytes, const Head& head, std::int64_t now) {
    Said said;
    for (std::size_t i = 0; i < head.field_count; ++i) {
        const Field& field = head.fields[i];
        if (field.hop) continue;
        const std::string_view name = field.name.in(bytes), value = field.value.in(bytes);
        const auto is = [&](std::string_view known) { return http::iequals(name, known); };
        if (field.known == Known::date) said.date = http::parse_http_date(value, now);
        if (field.known != Known::other) continue;
        if (is("cache-control")) said.control.read(value);
        else if (is("expires")) said.expires = ++said.expires_lines == 1 ? http::parse_http_date(value, now) : std::nullopt;
        else if (is("age")) said.age = ++said.ages == 1 ? parse_age(value) : std::nullopt;
        else if (is("vary")) http::each_list_member(value, [&](std::string_view member) { said.vary.push_back(ascii::lower(member)); });
        else if (is("etag")) said.etag = value;
        else if (is("last-modified")) said.last_modified = value;
        else if (is("cache-tag")) http::each_list_member(value, [&](std::string_view tag) { said.tags.emplace_back(tag); });
        else if (is("set-cookie") || is("set-cookie2")) said.cookie = true;
    }
    if (!said.last_modified.empty()) said.modified = http::parse_http_date(said.last_modified, now);
    if (!said.modified) said.last_modified.clear(); // nothing that could be compared
    return said;
}

/// Section 4.2.1. Nothing is guessed from Last-Modified.
seconds lifetime_of(const Said& said, const Moment& answered) {
    if (said.control.s_maxage) return seconds(*said.control.s_maxage);
    if (said.control.max_age) return seconds(*said.control.max_age);
    if (said.expires_lines == 0 || !said.expires) return seconds(0);
    return std::max(seconds(0), seconds(*said.expires - said.date.value_or(answered.unix_seconds)));
}

/// Section 4.2.3. What has an age that cannot be read is taken as old.
milliseconds initial_age(const Said& said, const Moment& asked, const Moment& answered) {
    if (said.ages != 0 && !said.age) return for_ever;
    const milliseconds delay = std::chrono::duration_cast<milliseconds>(answered.steady - asked.steady);
    const milliseconds corrected = seconds(said.age.value_or(0)) + delay;
    const milliseconds apparent = seconds(std::max<std::int64_t>(0, answered.unix_seconds - said.date.value_or(answered.unix_seconds)));
    return std::max(apparent, corrected);
}

/// What may be kept without a word on how long (RFC 9110 section 15.1); here only to be asked for again, by its validator.
bool is_plain(int status) {
    constexpr int plain[] = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
    return std::find(std::begin(plain), std::end(plain), status) != std::end(plain);
}
bool is_understood(int status) { return is_plain(status) || status == 302 || status == 303 || status == 307; }

void describe(Stored& stored, const Said& said, const Exchange& exchange) {
    stored.etag = said.etag;
    stored.last_modified = said.last_modified;
    stored.modified = said.modified;
    stored.date = said.date.value_or(exchange.answered.unix_seconds);
    stored.received = exchange.answered.steady;
    stored.lifetime = lifetime_of(said, exchange.answered);
    stored.while_revalidate = seconds(said.control.while_revalidate.value_or(0));
    stored.if_error = seconds(said.control.if_error.value_or(0));
    stored.always_validate = said.control.no_cache;
    stored.never_stale = said.control.must_revalidate || said.control.proxy_revalidate || said.control.s_maxage.has_value();
    stored.tags = said.tags;
    stored.selecting.clear();
    for (const std::string& name : said.vary) stored.selecting.emplace_back(name, joined(exchange.request_head, name));
}

void end_head(std::string& head, std::string_view date) {
    if (!date.empty()) head.append("Date: ").append(date).append("\r\n");
    head += "\r\n";
}

} // namespace

Moment Moment::now() { return {steady_clock::now(), gravity::now().unix_seconds()}; }

std::string cache_url(std::string_view host, std::string_view path, std::string_view query) {
    std::string url = ascii::lower(host);
    return url.append(path).append(query);
}

std::optional<std::string> parse_cache_url(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (text.size() > scheme.size() && ascii::iequals(text.substr(0, scheme.size()), scheme)) text.remove_prefix(scheme.size());
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0) return std::nullopt;
    const std::size_t question = std::min(text.find('?', slash), text.size());
    std::string path;
    if (!normalise_path(text.substr(slash, question - slash), path).empty()) return std::nullopt;
    return cache_url(text.substr(0, slash), path, text.substr(question));
}

std::optional<std::string> referred_url(std::string_view reference, std::string_view host, std::string_view path) {
    reference = reference.substr(0, reference.find('#'));
    const std::size_t scheme = reference.find("://");
    if (scheme != std::string_view::npos && scheme < reference.find_first_of("/?")) {
        reference.remove_prefix(scheme + 3);
        const std::string_view authority = reference.substr(0, reference.find_first_of("/?"));
        if (!ascii::iequals(authority, host)) return std::nullopt;
        reference.remove_prefix(authority.size());
        if (!reference.starts_with('/')) return std::nullopt;
    }
    if (reference.empty() || reference.starts_with("//")) return std::nullopt;
    std::string full;
    if (reference.starts_with('/')) full = reference;
    else full.append(path.substr(0, path.rfind('/') + 1)).append(reference);
    return parse_cache_url(std::string(host) + full);
}

std::optional<CacheRequest> read_cache_request(std::string_view bytes, const RequestHead& head) {
    if (head.method != http::Method::get && head.method != http::Method::head) return std::nullopt;
    if (head.framing.has_body() || head.connection_upgrade) return std::nullopt;
    CacheRequest request;
    request.head = head.method == http::Method::head;
    bool pragma = false;
    for (std::size_t i = 0; i < head.field_count; ++i) {
        const Field& field = head.fields[i];
        if (field.hop) continue;
        const std::string_view name = field.name.in(bytes), value = field.value.in(bytes);
        if (field.known == Known::authorization) request.authorization = sha256(value);
        if (field.known != Known::other) continue;
        const auto is = [&](std::string_view known) { return http::iequals(name, known); };
        if (is("cache-control")) request.control.read(value);
        else if (is("pragma")) http::each_list_member(value, [&](std::string_view member) { pragma |= http::iequals(member, "no-cache"); });
        else if (is("if-match") || is("if-unmodified-since")) return std::nullopt;
        else if (is("if-none-match") || is("if-modified-since")) request.conditional = true;
        else if (is("range")) request.ranged = true;
        else if (!is("if-range")) continue;
        if (name.size() >= 5 && (http::iequals(name.substr(0, 3), "if-") || is("range"))) request.conditions.headers.add(name, value);
    }
    if (request.control.no_store) return std::nullopt;
    if (pragma && !request.control.given) request.control.no_cache = true; // RFC 9111 section 5.4
    return request;
}

milliseconds Stored::age(steady_clock::time_point now) const {
    return initial_age + std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(now - received));
}

std::size_t Stored::size() const {
    std::size_t all = sizeof(Stored) + 256 + 2 * url.size() + space.size() + owner.size() + head.size() + (body ? body->size() : 0);
    for (const auto& [name, value] : selecting) all += name.size() + value.size() + 64;
    for (const std::string& tag : tags) all += tag.size() + 32;
    return all;
}

std::optional<Stored> storable(const Exchange& exchange, std::string_view bytes, const ResponseHead& head) {
    const CacheRequest& request = exchange.request;
    if (exchange.use == CacheUse::off || request.head || head.status < 200 || head.status == 206 || head.status == 304) return std::nullopt;
    if (head.field_count + 4 > max_fields) return std::nullopt; // no room for what is added
    const Said said = read(bytes, head, exchange.answered.unix_seconds);
    const CacheControl& control = said.control;
    if (control.must_understand ? !is_understood(head.status) : control.no_store) return std::nullopt;
    if (control.is_private || (said.cookie && exchange.use != CacheUse::shared_with_cookies)) return std::nullopt;
    for (const std::string& name : said.vary)
        if (name == "*" || !http::is_token(name)) return std::nullopt;

    Stored stored;
    if (!request.authorization.empty() && !control.is_public && !control.s_maxage) {
        // Section 3.5 would let `must-revalidate` share it among all callers; who did not say "public" hardly meant that.
        if (!control.must_revalidate) return std::nullopt;
        stored.owner = request.authorization;
    }
    describe(stored, said, exchange);
    stored.initial_age = initial_age(said, exchange.asked, exchange.answered);
    const bool can_be_validated = stored.has_validator() && is_plain(head.status);
    const bool is_of_use = stored.initial_age < stored.lifetime + std::max(stored.while_revalidate, stored.if_error) && !stored.always_validate;
    if (!is_of_use && !can_be_validated) return std::nullopt;

    stored.url = request.url;
    stored.space = request.space;
    stored.status = head.status;
    stored.head.append("HTTP/1.1 ").append(head.status_text.in(bytes)).append("\r\n");
    for (std::size_t i = 0; i < head.field_count; ++i) {
        const Field& field = head.fields[i];
        const std::string_view name = field.name.in(bytes);
        if (ends_here(field) || field.known == Known::content_length || http::iequals(name, "Age")) continue;
        stored.head.append(name).append(": ").append(field.value.in(bytes)).append("\r\n");
    }
    end_head(stored.head, head.passes_on(Known::date) ? std::string() : http::format_http_date(exchange.answered.unix_seconds));
    return stored;
}

StoredPtr complete(Stored stored, std::string body) {
    if (stored.status != 204) {
        stored.head.resize(stored.head.size() - 2);
        stored.head.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    }
    stored.head.shrink_to_fit();
    body.shrink_to_fit();
    stored.body = std::make_shared<const std::string>(std::move(body));
    return std::make_shared<const Stored>(std::move(stored));
}

StoredPtr freshened(const Stored& stored, const Exchange& exchange, std::string_view bytes, const ResponseHead& head) {
    // What describes the bytes that are kept stays with them.
    constexpr std::array<std::string_view, 6> of_the_bytes = {"content-length", "content-encoding", "content-md5", "content-range", "etag", "age"};
    const auto updates = [&](const Field& field) { return !ends_here(field) && field.known != Known::via && !among(field.name.in(bytes), of_the_bytes); };
    std::string merged = stored.head.substr(0, stored.head.find('\n') + 1);
    each_line(stored.head, [&](std::string_view line, std::string_view name, std::string_view) {
        if (stored.varies_here && line == vary_line) return;
        for (std::size_t i = 0; i < head.field_count; ++i)
            if (updates(head.fields[i]) && http::iequals(head.fields[i].name.in(bytes), name)) return;
        if (!http::iequals(name, "Date")) merged += line; // of this answer it is a new one, said or not
    });
    for (std::size_t i = 0; i < head.field_count; ++i)
        if (updates(head.fields[i])) merged.append(head.fields[i].name.in(bytes)).append(": ").append(head.fields[i].value.in(bytes)).append("\r\n");
    end_head(merged, head.passes_on(Known::date) ? std::string() : http::format_http_date(exchange.answered.unix_seconds));

    Stored fresh = stored;
    ResponseHead parsed;
    if (merged.size() > most_head || parse_response_head(merged, http::Method::get, parsed)) { // too many fields in all: those we had
        merged = stored.head;
        if (parse_response_head(merged, http::Method::get, parsed)) return std::make_shared<const Stored>(stored);
    }
    const std::int64_t now = exchange.answered.unix_seconds;
    fresh.head = merged;
    describe(fresh, read(merged, parsed, now), exchange);
    if (fresh.varies_here) fresh.head.insert(fresh.head.size() - 2, vary_line);
    fresh.initial_age = initial_age(read(bytes, head, now), exchange.asked, exchange.answered);
    return std::make_shared<const Stored>(std::move(fresh));
}

bool selects(const Stored& stored, const CacheRequest& request, std::string_view request_head) {
    return stored.space == request.space && (stored.owner.empty() || stored.owner == request.authorization) &&
           std::all_of(stored.selecting.begin(), stored.selecting.end(),
                       [&](const auto& field) { return joined(request_head, field.first) == field.second; });
}

CacheStep decide(const CacheRequest& request, const Stored* stored, steady_clock::time_point now) {
    const CacheControl& control = request.control;
    const CacheStep ask = !stored || !stored->has_validator() ? CacheStep::fetch : CacheStep::validate;
    const CacheStep outside = control.only_if_cached ? CacheStep::give_up : ask;
    if (!stored || stored->always_validate || control.no_cache) return outside;
    const milliseconds age = stored->age(now);
    if (control.max_age && age > seconds(*control.max_age)) return outside;
    if (control.min_fresh && age + seconds(*control.min_fresh) > stored->lifetime) return outside;
    if (age < stored->lifetime) return CacheStep::use;
    if (stored->never_stale) return outside;
    const milliseconds stale = age - stored->lifetime;
    if (control.max_stale && stale <= seconds(*control.max_stale)) return CacheStep::use;
    return stale < stored->while_revalidate ? CacheStep::use_and_refresh : outside;
}

bool covers_failure(const CacheRequest& request, const Stored& stored, steady_clock::time_point now) {
    if (stored.never_stale || stored.always_validate || request.control.no_cache) return false;
    const milliseconds window = std::max<milliseconds>(stored.if_error, seconds(request.control.if_error.value_or(0)));
    return stored.age(now) < stored.lifetime + window;
}

bool is_failure(int status) { return status == 500 || status == 502 || status == 503 || status == 504; }

std::string with_validators(std::string_view request_head, const Stored& stored) {
    constexpr std::array<std::string_view, 4> own = {"if-none-match", "if-modified-since", "range", "if-range"};
    std::string out(request_head.substr(0, request_head.find('\n') + 1));
    each_line(request_head, [&](std::string_view line, std::string_view name, std::string_view) {
        if (!among(name, own)) out += line;
    });
    if (!stored.etag.empty()) out.append("If-None-Match: ").append(stored.etag).append("\r\n");
    if (!stored.last_modified.empty()) out.append("If-Modified-Since: ").append(stored.last_modified).append("\r\n");
    return out += "\r\n";
}

Portion portion(const Stored& stored, const CacheRequest& request, std::int64_t unix_now) {
    Portion whole{stored.head, 0, stored.body->size()};
    if (stored.status != 200 || (!request.conditional && !request.ranged)) return whole;
    const http::Validators validators{stored.etag, stored.modified};
    // Without Last-Modified its date stands for it (RFC 9111 section 4.3.2): a client that has got something since, has this.
    if (http::evaluate_preconditions(request.conditions, {stored.etag, stored.modified.value_or(stored.date)}, unix_now) == 304) {
        constexpr std::array<std::string_view, 5> of_a_body = {"content-length", "content-type", "content-encoding", "content-range", "content-md5"};
        std::string head = "HTTP/1.1 304 Not Modified\r\n";
        each_line(stored.head, [&](std::string_view line, std::string_view name, std::string_view) {
            if (!among(name, of_a_body)) head += line;
        });
        return {head += "\r\n", 0, 0};
    }
    const auto range = http::evaluate_range(request.conditions, whole.end, validators, unix_now);
    if (request.head || range.kind != http::RangeResult::Kind::partial || range.ranges.size() != 1) return whole;
    const http::ByteRange part = range.ranges.front();
    std::string head = "HTTP/1.1 206 Partial Content\r\n";
    each_line(stored.head, [&](std::string_view line, std::string_view name, std::string_view) {
        if (!http::iequals(name, "content-length") && !http::iequals(name, "content-range")) head += line;
    });
    head.append("Content-Range: ").append(http::content_range(part, whole.end)).append("\r\nContent-Length: ");
    head.append(std::to_string(part.size())).append("\r\n\r\n");
    return {std::move(head), static_cast<std::size_t>(part.first), static_cast<std::size_t>(part.last) + 1};
}

} // namespace gravity::gateway
