#pragma once

#include <boost/asio/awaitable.hpp>

namespace gravity {

/// A coroutine on the I/O thread. Starts when awaited; an exception leaves through the `co_await`.
/// gcc 12: inside a `co_await` expression use only named variables and calls (docs/decisions/0003-gcc12-coroutines.md).
template <class T = void>
using Task = boost::asio::awaitable<T>;

} // namespace gravity
