#pragma once

namespace boost::asio {
class any_io_executor;
template <typename T, typename Executor>
class awaitable;
} // namespace boost::asio

namespace gravity {

/// A coroutine on the I/O thread. Starts when awaited; an exception leaves through the `co_await`. Its definition and its awaiting need coroutine.hpp.
/// gcc 12: inside a `co_await` expression use only named variables and calls (docs/decisions/0003-gcc12-coroutines.md).
template <class T = void>
using Task = boost::asio::awaitable<T, boost::asio::any_io_executor>;

} // namespace gravity
