#pragma once

#include <chrono>

namespace gravity::testkit {

/// How long is waited for what usually takes no longer than `usual`: under a sanitizer everything takes many times as long, and a test that gave up for that
/// alone would say nothing.
constexpr std::chrono::seconds patience(std::chrono::seconds usual) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 10 * usual;
#else
    return usual;
#endif
}

} // namespace gravity::testkit
