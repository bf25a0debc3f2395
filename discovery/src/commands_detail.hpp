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
Reply run(const CreateSession& command, View& view, std::int64_t now_us);
Reply run(const EndSession& command, View& view, std::int64_t now_us);
Reply run(const RenewSession& command, View& view, std::int64_t now_us);
Reply run(const ReapLockDelays& command, View& view, std::int64_t now_us);
Reply run(const Transact& command, View& view, std::int64_t now_us);
Reply run(const FireEvent& command, View& view, std::int64_t now_us);
Reply run(const PutQuery& command, View& view, std::int64_t now_us);
Reply run(const DeleteQuery& command, View& view, std::int64_t now_us);
Reply run(const BootstrapAcl& command, View& view, std::int64_t now_us);
Reply run(const PutToken& command, View& view, std::int64_t now_us);
Reply run(const DeleteToken& command, View& view, std::int64_t now_us);
Reply run(const ReapTokens& command, View& view, std::int64_t now_us);
Reply run(const PutPolicy& command, View& view, std::int64_t now_us);
Reply run(const DeletePolicy& command, View& view, std::int64_t now_us);
Reply run(const PutRole& command, View& view, std::int64_t now_us);
Reply run(const DeleteRole& command, View& view, std::int64_t now_us);
Reply run(const Restore& command, View& view, std::int64_t now_us);
Reply run(const ForgetHistories& command, View& view, std::int64_t now_us);
Reply run(const Configure& command, View& view, std::int64_t now_us);
Reply run(const PermitAlias& command, View& view, std::int64_t now_us);
Reply run(const PutCoordinate& command, View& view, std::int64_t now_us);

/// Sets the status, and since when it is critical: a check that was critical `before` keeps its time.
void set_status(Check& check, Status status, const Check* before, std::int64_t now_us);
/// A node of the same ID under another name is renamed, as Consul does it: the former goes with everything on it. Refused if another node is alive under the
/// name. `own`: it is the daemon's own node, which finds what is on it moved to the new name, and which nobody else's ID keeps from its name.
Reply put_node(const Node& node, View& view, bool own = false);
void put_instance(const Instance& instance, View& view);
/// The instance it belongs to must exist. `keep_status`: a check that exists keeps status and output.
Reply put_check(Check check, bool keep_status, View& view, std::int64_t now_us);
/// The instance with its checks.
void remove_instance(const Instance& instance, View& view);
/// The node with everything on it.
void remove_node(const std::string& name, View& view);

template <class R>
bool same(R a, const R& b) { // but for the indexes
    a.create_index = b.create_index;
    a.modify_index = b.modify_index;
    return equal(a, b);
}

/// Deletes the key and leaves a tombstone.
void bury(const std::string& key, View& view);
bool is_delayed(const std::string& key, const View& view, std::int64_t now_us);
/// Ends the sessions whose check became critical or went, or whose node went, by the changes from `first` on.
void end_orphaned_sessions(View& view, std::size_t first, std::int64_t now_us);

/// Alias checks take the status that the changes from `first` on give to what they stand for.
void follow_aliases(View& view, std::size_t first, std::int64_t now_us);
/// What a result makes of a check; writes nothing if it is so already.
void write_status(const Check& before, Status status, std::string_view output, View& view, std::int64_t now_us);

/// Writes down what the changes from `first` on mean for instances and nodes, and forgets the oldest beyond `kept_transitions`.
void record_transitions(const Command& command, View& view, std::size_t first, std::int64_t now_us);

} // namespace gravity::registry::detail
