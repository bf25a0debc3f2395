#include "page_parts.hpp"

#include <gravity/base/html.hpp>

namespace gravity::issuer::pages {

std::string alert(std::string_view fault) { return fault.empty() ? "" : "<p role=\"alert\">" + html_escape(fault) + "</p>"; }

std::string password_field(std::string_view id, std::string_view name, std::string_view label, std::string_view autocomplete) {
    return "<label for=\"" + std::string(id) + "\">" + std::string(label) + "</label><input type=\"password\" id=\"" + std::string(id) + "\" name=\"" +
           std::string(name) + "\" autocomplete=\"" + std::string(autocomplete) + "\" required>";
}

std::string code_field(std::string_view id, std::string_view label) {
    return "<label for=\"" + std::string(id) + "\">" + std::string(label) + "</label><input type=\"text\" id=\"" + std::string(id) +
           "\" name=\"code\" inputmode=\"text\" autocomplete=\"one-time-code\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\" required>";
}

std::string button(std::string_view text) { return "<button type=\"submit\">" + std::string(text) + "</button></form>"; }

} // namespace gravity::issuer::pages
