#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

/// How SCIM says no (RFC 7644 section 3.12).
namespace gravity::user::scim {

/// Thrown to answer with an error of SCIM; `type` is a `scimType` of table 9, or empty.
class Refused : public std::exception {
public:
    Refused(int status, std::string_view type, std::string detail) : status_(status), type_(type), detail_(std::move(detail)) {}
    int status() const noexcept { return status_; }
    std::string_view type() const noexcept { return type_; }
    const std::string& detail() const noexcept { return detail_; }
    const char* what() const noexcept override { return detail_.c_str(); }

private:
    int status_;
    std::string_view type_; // of a literal
    std::string detail_;
};

inline Refused invalid_filter(std::string detail) { return {400, "invalidFilter", std::move(detail)}; }
inline Refused invalid_path(std::string detail) { return {400, "invalidPath", std::move(detail)}; }
inline Refused invalid_syntax(std::string detail) { return {400, "invalidSyntax", std::move(detail)}; }
inline Refused invalid_value(std::string detail) { return {400, "invalidValue", std::move(detail)}; }
inline Refused no_target(std::string detail) { return {400, "noTarget", std::move(detail)}; }
inline Refused not_mutable(std::string detail) { return {400, "mutability", std::move(detail)}; }
inline Refused too_many(std::string detail) { return {400, "tooMany", std::move(detail)}; }

} // namespace gravity::user::scim
