// The one place where Boost.Asio's code is compiled; everywhere else only its declarations are seen.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
