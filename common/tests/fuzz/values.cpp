// The value types and encodings: what is taken is written in one form, which reads back as the same value; times keep to their arithmetic.
#include <gravity/base/bytes.hpp>
#include <gravity/base/codes.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/money.hpp>
#include <gravity/base/scope.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/time.hpp>
#include <gravity/base/tz.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/trace/context.hpp>

#include <cstdlib>

using namespace gravity;

namespace {

template <class T>
std::optional<T> same_again(const Parsed<T>& taken) {
    if (!taken) {
        if (taken.why().empty()) std::abort();
        return {};
    }
    const std::string text = taken->to_string();
    const auto again = T::parse(text);
    if (!again || !(*again == *taken) || again->to_string() != text) std::abort();
    return *taken;
}

void encodings(std::string_view text) {
    if (hex_decode(hex_encode(text)) != std::string(text)) std::abort();
    if (base64_decode(base64_encode(text)) != std::string(text)) std::abort();
    if (base64url_decode(base64url_encode(text)) != std::string(text)) std::abort();
    if (const auto bytes = base64_decode(text); bytes && base64_encode(*bytes) != text) std::abort(); // one text for one value
    if (const auto bytes = base64url_decode(text); bytes && base64url_encode(*bytes) != text) std::abort();
    std::string quoted;
    append_json_string(quoted, text);
    if (!utf8::valid(quoted)) std::abort();
    if (utf8::valid(text)) {
        const std::string composed = utf8::nfc(text);
        if (!utf8::valid(composed) || utf8::nfc(composed) != composed) std::abort();
    }
}

void times(std::string_view text) {
    const auto at = same_again(Timestamp::parse(text));
    if (at && Timestamp::from_http_date(at->to_http_date()).or_throw() != at->truncated_to_seconds()) std::abort();
    if (const auto date = Timestamp::from_http_date(text); date && date->to_http_date() != text) std::abort();
    same_again(Date::parse(text));
    same_again(Duration::parse(text));
    for (const auto& length : {Duration::from_postgres(text), Duration::parse(text)})
        if (length && Duration::from_postgres(length->to_string()).or_throw() != *length) std::abort();
    if (const auto stored = Timestamp::from_postgres(text); stored && Timestamp::parse(stored->to_string()).or_throw() != *stored) std::abort();
    static const TimeZone zone = TimeZone("UTC");
    if (const auto local = same_again(LocalTime::parse(text)); local && tz::to_local(tz::to_utc(*local, zone), zone) != *local) std::abort();
    if (const auto local = LocalTime::from_postgres(text); local && LocalTime::parse(local->to_string()).or_throw() != *local) std::abort();
}

void texts(std::string_view text) {
    same_again(Text<1, 20>::parse(text));
    same_again(Multiline<0, 200>::parse(text));
    same_again(Slug::parse(text));
    same_again(Email::parse(text));
    same_again(Phone::parse(text));
    same_again(Url::parse(text));
    same_again(Locale::parse(text));
    same_again(TimeZone::parse(text));
    same_again(Currency::parse(text));
    same_again(Country::parse(text));
    same_again(Uuid::parse(text));
    same_again(Bytes::parse(text));
    if (const auto bytes = Bytes::from_postgres(text); bytes && Bytes::from_postgres(bytes->to_postgres()).or_throw() != *bytes) std::abort();
    if (const auto ratio = Ratio::parse(text); ratio && ratio->denominator() <= 0) std::abort();
    if (const auto scopes = parse_scopes(text))
        for (const std::string& scope : *scopes)
            if (scope.empty() || !scope_allows(*scopes, scope)) std::abort();
}

void traces(std::string_view text) {
    if (const auto context = trace::parse_traceparent(text)) {
        const auto again = trace::parse_traceparent(trace::format_traceparent(*context));
        if (!context->valid() || !again || !(*again == *context)) std::abort();
    }
    const std::string state = trace::clean_tracestate(text);
    if (state.size() > 512 || trace::clean_tracestate(state) != state) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    encodings(text);
    times(text);
    texts(text);
    traces(text);
    return 0;
}
