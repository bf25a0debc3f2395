#pragma once

#include <string>
#include <string_view>

/// What pages are put together from: text of HTML, with what is given escaped. Pure.
namespace gravity::issuer::pages {

/// What is not right, read out at once; "" for nothing.
std::string alert(std::string_view fault);
/// Fields with their labels; ids are the page's.
std::string password_field(std::string_view id, std::string_view name, std::string_view label, std::string_view autocomplete);
std::string code_field(std::string_view id, std::string_view label);
/// The end of a form.
std::string button(std::string_view text);

inline constexpr std::string_view code_label = "Code of your app, or a recovery code";

} // namespace gravity::issuer::pages
