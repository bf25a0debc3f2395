#pragma once

/// For sources that define coroutines or await them: what `Task` is. To name one, in a declaration, task.hpp is enough and a fraction of the text.
#include <gravity/async/task.hpp>

#include <boost/asio/awaitable.hpp>
