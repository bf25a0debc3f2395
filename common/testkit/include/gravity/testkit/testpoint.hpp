#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

namespace gravity::testkit {

/// Takes hold of a named place in the code (base/testpoint.hpp) while it lives. What comes by there:
///  - goes on, and is counted;
///  - with `pause()`: waits until `release()`. The thread itself waits, so this is for places on workers: the I/O thread would take all else with it;
///  - with `fail(...)`: throws that, as often as told.
/// The end of a Testpoint lets everybody go. A build without testpoints throws std::logic_error: skip the test with `compiled_in()`.
class Testpoint {
public:
    explicit Testpoint(std::string name);
    ~Testpoint();
    Testpoint(const Testpoint&) = delete;
    Testpoint& operator=(const Testpoint&) = delete;

    static bool compiled_in();

    Testpoint& pause();
    /// Lets those go that wait, and all who come.
    void release();
    Testpoint& fail(std::exception_ptr with, std::size_t times = 1);
    template <class E>
    Testpoint& fail(E with, std::size_t times = 1) {
        return fail(std::make_exception_ptr(std::move(with)), times);
    }

    std::size_t reached() const; // how often, since it was made
    std::size_t waiting() const; // who is paused now
    /// Waits until somebody is paused there, or has come by `count` times; std::runtime_error if not within 10 s.
    void wait_until_paused(std::size_t count = 1) const;
    void wait_until_reached(std::size_t count = 1) const;

private:
    struct State;
    std::string name_;
    std::shared_ptr<State> state_;
};

} // namespace gravity::testkit
