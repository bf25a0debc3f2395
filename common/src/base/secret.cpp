#include <gravity/base/secret.hpp>

#include <stdexcept>
#include <string.h>

namespace gravity {

void wipe(void* data, std::size_t size) noexcept { explicit_bzero(data, size); }

void wipe(std::string& text) noexcept {
    // Grown to its capacity (which allocates nothing), so that what once stood behind the present end goes too.
    text.resize(text.capacity());
    wipe(text.data(), text.size());
    text.clear();
}

void detail::throw_secret_written() {
    throw std::logic_error("a secret was about to be written; reveal() it where that is meant");
}

} // namespace gravity
