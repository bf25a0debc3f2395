#pragma once

#include <gravity/log/init.hpp>

#include <memory>
#include <vector>

namespace gravity::log {

/// For tests: takes the log over while it lives, then puts back what was there.
class Capture {
public:
    explicit Capture(Level level = Level::trace, std::string service = "test");
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    /// All lines so far, after a flush.
    std::vector<std::string> lines() const;
    /// True if a line so far contains the text.
    bool contains(std::string_view text) const;

private:
    struct Store;
    std::shared_ptr<Store> store_;
    std::optional<Options> previous_;
};

} // namespace gravity::log
