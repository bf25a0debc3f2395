// A request and an answer to it as a cache sees them: whatever they hold, what is kept is a head that can be sent, is never older than its clock says, is not
// used beyond its time, and is not what the service keeps from others.
#include "cache_policy.hpp"
#include "forward.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace gravity;
using namespace gravity::gateway;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::time_point() + std::chrono::hours(1);
Moment at(int second) { return {start + std::chrono::seconds(second), 1'800'000'000 + second}; }

void sendable(std::string_view head, http::Method method) {
    ResponseHead parsed;
    require(!parse_response_head(head, method, parsed));
    std::string out;
    write_response_head(head, parsed, ResponseFacts{}, out);
    require(!parse_response_head(out, method, parsed));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t middle = input.find("\r\n\r\n");
    if (middle == std::string_view::npos || input.starts_with('\r')) return 0; // the cache reads what the gateway has written, without an empty line in front
    const std::string_view request_bytes = input.substr(0, middle + 4), rest = input.substr(middle + 4);
    http::HeadScanner scanner;
    if (scanner.scan(request_bytes, head_limits) != http::HeadScanner::Result::complete || scanner.length() != request_bytes.size()) return 0;
    scanner.reset();
    if (scanner.scan(rest, head_limits) != http::HeadScanner::Result::complete) return 0;
    const std::string_view answer_bytes = rest.substr(0, scanner.length()), after = rest.substr(scanner.length());
    RequestHead request_head;
    ResponseHead answer;
    if (parse_request_head(request_bytes, request_head) || parse_response_head(answer_bytes, http::Method::get, answer)) return 0;
    auto request = read_cache_request(request_bytes, request_head);
    if (!request) return 0;
    request->url = "h/a";
    const Exchange exchange{*request, request_bytes, at(0), at(1), CacheUse::shared};
    auto draft = storable(exchange, answer_bytes, answer);
    if (!draft) return 0;
    require(answer.status >= 200 && answer.status != 206 && answer.status != 304);
    const StoredPtr stored = complete(*std::move(draft), std::string(after.substr(0, 100)));
    sendable(stored->head, http::Method::get);
    require(selects(*stored, *request, request_bytes));
    require(stored->age(at(1).steady).count() >= 0 && stored->age(at(5).steady) >= stored->age(at(1).steady));
    const CacheRequest plain;
    if (decide(plain, stored.get(), at(1).steady) == CacheStep::use) require(stored->age(at(1).steady) < stored->lifetime && !stored->always_validate);
    const Portion part = portion(*stored, *request, at(1).unix_seconds);
    require(part.begin <= part.end && part.end <= stored->body->size());
    sendable(part.head, http::Method::get);
    RequestHead validating;
    const std::string asked = with_validators(request_bytes, *stored);
    if (request_bytes.starts_with("GET ") && asked.size() < head_limits.bytes && request_head.field_count + 2 <= max_fields)
        require(!parse_request_head(asked, validating));
    const StoredPtr fresh = freshened(*stored, exchange, answer_bytes, answer);
    sendable(fresh->head, http::Method::get);
    return 0;
}
