#pragma once

#include "items.hpp"

/// How the settings of several applications and profiles lie over one another: pure.
namespace gravity::config {

/// What a process asks for.
struct Selection {
    std::vector<std::string> applications; // the last one wins
    std::vector<std::string> profiles;     // the last one wins; `default` is below all and need not be named
};

struct Layer {
    std::string application;
    std::string profile;
    bool operator==(const Layer&) const = default;
};

inline constexpr std::size_t max_selected = 10;

/// Names between commas, without blanks around them and each once, its last place counting; at most `max_selected`, else nothing.
std::optional<std::vector<std::string>> split_names(std::string_view text);

/// The highest first: for shop with dev,eu `shop-eu, application-eu, shop-dev, application-dev, shop, application`.
std::vector<Layer> layers_of(const Selection& selection);
/// "shop-eu"; of the default profile "shop".
std::string layer_name(std::string_view application, std::string_view profile);

struct LayeredValue {
    Json value;
    int layer = 0;
};
using Layered = std::map<std::string, LayeredValue, std::less<>>;

/// The highest first, as they are given. A list takes the place of one below as a whole, a value that of a mapping and the other way round.
Layered overlay(const std::vector<const Items*>& layers);
Items values_of(const Layered& layered);

} // namespace gravity::config
