#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace gravity::metrics {

/// Asks for the value of a gauge without labels when the metrics are read, while the handle lives. `read` is called on
/// the thread that renders and must not use metrics itself. Throws std::invalid_argument if the name is taken.
class Probe {
public:
    Probe(std::string_view name, std::string_view help, std::function<double()> read);
    ~Probe();
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

private:
    std::string name_;
};

} // namespace gravity::metrics
