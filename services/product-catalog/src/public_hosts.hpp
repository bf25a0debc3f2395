#pragma once

#include <gravity/model.hpp>

/// CATALOG_PUBLIC_HOSTS: which host shows which project's catalogue: "shop.example=<project id>,other.example=<project id>".
namespace gravity::product_catalog {

class PublicHosts : public TextValue<PublicHosts> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<PublicHosts>({.doc = "Hosts and the projects they show: shop.example=<project id>,...",
                                             .example = "\"shop.example=0197d8a0-7c4e-7000-8000-000000000001\"",
                                             .min = 1,
                                             .max = 100'000});
    }

    /// The project of a Host field (a port is not looked at); nothing for a host that is not listed.
    std::optional<ProjectId> project_of(std::string_view host) const;
};

/// A host name of a Host field in lower case and without its port; empty if it is no plain name or address.
std::string host_name(std::string_view field);

} // namespace gravity::product_catalog
