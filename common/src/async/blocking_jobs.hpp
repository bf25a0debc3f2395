#pragma once

#include <boost/asio/io_context.hpp>

namespace gravity {

/// Waits for the work of every `run_blocking` that was awaited on this context, as its destructor does: for whoever destroys what such work uses before the
/// context. The context must have been stopped. Any thread but the pool's.
void finish_blocking(boost::asio::io_context& io);

} // namespace gravity
