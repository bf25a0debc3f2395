// URLs, references, percent-encoding, queries, Consul answers, file signatures.
#include <gravity/base/contact.hpp>
#include <gravity/discovery/resolver.hpp>
#include <gravity/http/message.hpp>
#include <gravity/http/sniff.hpp>
#include <gravity/http/url.hpp>

#include <cstdlib>
#include <stdexcept>

using namespace gravity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (http::percent_decode(http::percent_encode(text)) != std::string(text)) std::abort();
    for (const bool plus : {false, true})
        if (const auto plain = http::percent_decode(text, plus); plain && plain->size() > text.size()) std::abort();
    if (const auto query = http::parse_query(text)) {
        std::string written;
        for (const auto& parameter : *query)
            written += (written.empty() ? "" : "&") + http::percent_encode(parameter.name) + '=' + http::percent_encode(parameter.value);
        const auto again = http::parse_query(written);
        if (!again || again->size() != query->size()) std::abort();
    }
    if (const auto url = http::parse_url(text)) {
        if (url->host.empty() || url->target.empty() || url->target.front() != '/') std::abort();
        if (const auto again = http::parse_url(url->to_string()); !again || !again->same_origin(*url)) std::abort();
    }
    static const auto base = http::parse_url("https://example.com:8443/a/b?c");
    if (const auto to = http::resolve_reference(*base, text); to && (to->target.empty() || to->target.front() != '/')) std::abort();
    if (const auto url = Url::parse(text); url && !Url::parse(url->view())) std::abort();
    if (http::sniff_type(text).empty()) std::abort();
    try {
        for (const auto& instance : discovery::parse_health(text))
            if (!instance.url.starts_with("http")) std::abort();
    } catch (const std::invalid_argument&) {
        // Not such an answer.
    }
    return 0;
}
