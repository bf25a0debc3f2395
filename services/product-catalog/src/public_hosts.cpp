#include "public_hosts.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::product_catalog {

std::string host_name(std::string_view field) {
    const auto colon = field.rfind(':');
    if (colon != std::string_view::npos && field.find(']', colon) == std::string_view::npos) field = field.substr(0, colon);
    for (const char c : field)
        if (!ascii::is_alnum(c) && c != '.' && c != '-' && c != '[' && c != ']' && c != ':') return "";
    return ascii::lower(field);
}

bool PublicHosts::accept(std::string_view in, std::string& out, std::string& why) {
    out.clear();
    for (const auto entry : ascii::split(in, ',')) {
        const auto equals = entry.find('=');
        const std::string host = host_name(ascii::trim(entry.substr(0, equals)));
        if (equals == std::string_view::npos || host.empty()) {
            why = "must list hosts and projects as shop.example=<project id>,other.example=<project id>";
            return false;
        }
        const auto project = ProjectId::parse(ascii::trim(entry.substr(equals + 1)));
        if (!project) {
            why = "must name a project by its id behind " + host + "=";
            return false;
        }
        if (("," + out).find("," + host + "=") != std::string::npos) {
            why = "names the host " + host + " twice";
            return false;
        }
        out += (out.empty() ? "" : ",") + host + "=" + project->to_string();
    }
    return true;
}

std::optional<ProjectId> PublicHosts::project_of(std::string_view field) const {
    const std::string host = host_name(field);
    if (host.empty()) return std::nullopt;
    for (const auto entry : ascii::split(view(), ','))
        if (entry.substr(0, entry.find('=')) == host) return ProjectId::parse(entry.substr(host.size() + 1)).or_throw();
    return std::nullopt;
}

} // namespace gravity::product_catalog
