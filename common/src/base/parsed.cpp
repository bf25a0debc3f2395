#include <gravity/base/parsed.hpp>

#include <stdexcept>

namespace gravity {

void throw_parse_error(const std::string& why) { throw std::invalid_argument(why); }

} // namespace gravity
