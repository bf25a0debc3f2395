// The one place where Boost.Beast's code is compiled.
#include <boost/beast/src.hpp>
