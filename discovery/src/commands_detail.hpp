#pragma once

#include "commands.hpp"

/// The parts of evaluate(), which lie in several files.
namespace gravity::registry::detail {

Reply run(const Register& command, View& view, std::int64_t now_us);
Reply run(const Deregister& command, View& view, std::int64_t now_us);
Reply run(const Maintain& command, View& view, std::int64_t now_us);
Reply run(const PutSetting& command, View& view, std::int64_t now_us);
Reply run(const UpdateCheck& command, View& view, std::int64_t now_us);
Reply run(const ExpireCheck& command, View& view, std::int64_t now_us);
Reply run(const ReapCritical& command, View& view, std::int64_t now_us);
Reply run(const PutKey& command, View& view, std::int64_t now_us);
Reply run(const DeleteKey& command, View& view, std::int64_t now_us);
Reply run(const DeleteTree& command, View& view, std::int64_t now_us);
Reply run(const ReapTombstones& command, View& view, std::int64_t now_us);

/// Sets the status, and since when it is critical: a check that was critical `before` keeps its time.
void set_status(Check& check, Status status, const Check* before, std::int64_t now_us);
/// The instance with its checks.
void remove_instance(const Instance& instance, View& view);

} // namespace gravity::registry::detail
