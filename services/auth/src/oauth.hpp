#pragma once

#include <gravity/http/web.hpp>

#include <exception>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the endpoints of OAuth have in common (RFC 6749): forms that come in, errors that go out.
namespace gravity::issuer::oauth {

/// A kind of error, by its code of RFC 6749 section 5.2 or of the standard that names it.
struct ErrorCode {
    std::string_view name;
    int status = 400;
};
inline constexpr ErrorCode invalid_request{"invalid_request"};
inline constexpr ErrorCode invalid_client{"invalid_client", 401};
inline constexpr ErrorCode invalid_grant{"invalid_grant"};
inline constexpr ErrorCode unauthorized_client{"unauthorized_client"};
inline constexpr ErrorCode unsupported_grant_type{"unsupported_grant_type"};
inline constexpr ErrorCode invalid_scope{"invalid_scope"};
inline constexpr ErrorCode access_denied{"access_denied"};
inline constexpr ErrorCode invalid_dpop_proof{"invalid_dpop_proof"}; // RFC 9449 section 5
inline constexpr ErrorCode temporarily_unavailable{"temporarily_unavailable", 503}; // section 4.1.2.1 has the word; section 5.2 has none for this

/// Thrown to answer with an error of OAuth.
class Refused : public std::exception {
public:
    explicit Refused(const ErrorCode& code, std::string description) : code_(code), description_(std::move(description)) {}
    const ErrorCode& code() const noexcept { return code_; }
    const std::string& description() const noexcept { return description_; }
    const char* what() const noexcept override { return description_.c_str(); }
    /// What it was, for operators: it is told nobody else.
    Refused&& because(std::string_view why) && {
        why_ = why;
        return std::move(*this);
    }
    const std::string& why() const noexcept { return why_; }
    /// A header that belongs to the answer.
    Refused&& with_header(std::string name, std::string value) && {
        headers_.emplace_back(std::move(name), std::move(value));
        return std::move(*this);
    }
    const std::vector<std::pair<std::string, std::string>>& headers() const noexcept { return headers_; }

private:
    ErrorCode code_;
    std::string description_, why_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

/// `{"error": ..., "error_description": ..., "trace_id": ...}`, never to be kept. Of a request whose trace is not known without it.
Web error_answer(const Refused& refused, const std::string& trace_id = {});
/// A document of a protocol endpoint, never to be kept.
Web answer(const Json& document);
/// The same of one that is JSON already.
Web answer(std::string document);

/// The parameters of a form. One without a value counts as left out (section 3.2).
class Form {
public:
    /// Throws Refused: another media type, a malformed escape, a parameter that is given twice, text that is not UTF-8 or has U+0000. `resource` and
    /// `audience` may be given as often as one likes (RFC 8707 section 2, RFC 8693 section 2.1).
    static Form parse(std::string_view content_type, std::string_view body);
    /// What a browser brings. A parameter that is given twice is here for the client to hear of: the first of them is kept, and `repeats` tells.
    static Form of_browser(std::string_view query);
    using Parameters = std::multimap<std::string, std::string, std::less<>>;
    /// One that came before.
    static Form of(Parameters parameters);

    const std::string* find(std::string_view name) const; // null: left out
    /// Throws Refused if it is left out.
    const std::string& required(std::string_view name) const;
    /// All values of one that may be given more than once. Into the form: must not outlive it.
    std::vector<std::string_view> all(std::string_view name) const;
    const Parameters& parameters() const { return parameters_; }
    /// Whether this one, or any, is given more often than it may be.
    bool repeats(std::string_view name) const { return repeated_.contains(name); }
    bool repeats_any() const { return !repeated_.empty(); }

private:
    static Form read(std::string_view body);

    Parameters parameters_;
    std::set<std::string, std::less<>> repeated_;
};

} // namespace gravity::issuer::oauth
