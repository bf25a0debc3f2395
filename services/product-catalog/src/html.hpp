#pragma once

#include <string>
#include <string_view>

/// Text that others wrote, made fit to stand in HTML and XML. Pure functions, any thread. The only file that knows libxml2.
namespace gravity::product_catalog::html {

/// For element content and for attribute values in either kind of quotes, in HTML and in XML 1.0. Characters that XML cannot hold are left out.
std::string escape(std::string_view text);

/// A description as HTML of an allowed kind: p, div, br, ul, ol, li, b, strong, i, em, u, s, sub, sup, blockquote, code, pre, h2 to h4, hr,
/// table, thead, tbody, tr, th, td, dl, dt, dd, span, and a with an http or https `href` (which gets rel="nofollow noopener"). Every other element is
/// unwrapped, every other attribute dropped, and what was script, style or embedded goes with its content. The answer is written from the
/// parsed tree with all text escaped, and cleaned again until nothing changes, so it has one reading in any browser.
/// Plain text becomes paragraphs: an empty line begins one.
std::string sanitise(std::string_view description);

/// The same without any markup, blocks apart by line breaks: for meta tags, feeds and agents.
std::string plain_text(std::string_view description);

/// At most `limit` code points, cut between words, with an ellipsis if something was cut.
std::string excerpt(std::string_view text, std::size_t limit);

/// A text for use inside <script type="application/ld+json">, given JSON: `<`, `>`, `&`, U+2028 and U+2029 as JSON escapes, so neither `</script>`
/// nor `<!--` can occur.
std::string script_json(std::string_view json);

/// True for an absolute http or https URL without user information; any other may not become a link.
bool is_web_url(std::string_view url);

} // namespace gravity::product_catalog::html
