// Commands that tell how a check stands.
#include "commands_detail.hpp"

namespace gravity::registry::detail {
namespace {

std::string shortened(std::string_view output, int limit) {
    const auto size = static_cast<std::size_t>(limit);
    if (output.size() <= size) return std::string(output);
    std::size_t cut = size;
    while (cut > 0 && (static_cast<unsigned char>(output[cut]) & 0xC0) == 0x80) --cut; // not within a UTF-8 sequence
    return "Captured " + std::to_string(cut) + " of " + std::to_string(output.size()) + " bytes\n...\n" + std::string(output.substr(0, cut));
}

} // namespace

void write_status(const Check& before, Status status, std::string_view output, View& view, std::int64_t now_us) {
    Check after = before;
    after.output = shortened(output, before.definition.output_max_size);
    set_status(after, status, &before, now_us);
    if (after.status != before.status || after.output != before.output) view.put(key_of(before.node, before.id), std::move(after));
}

Reply run(const UpdateCheck& command, View& view, std::int64_t now_us) {
    const Row<Check> check = view.find<Check>(key_of(command.node, command.check_id));
    if (command.probed) {
        // The check may have gone, or become another, while the probe was under way: then its result says nothing.
        if (check && check->run_here && check->definition == *command.probed)
            write_status(*check, command.status, command.output, view, now_us);
        return {};
    }
    if (!check) return {404, unknown_check(command.check_id), false};
    if (check->definition.type != CheckType::ttl) return {400, "CheckID \"" + command.check_id + "\" does not have associated TTL", false};
    write_status(*check, command.status, command.output, view, now_us);
    return {};
}

Reply run(const ExpireCheck& command, View& view, std::int64_t now_us) {
    const Row<Check> check = view.find<Check>(key_of(command.node, command.check_id));
    if (check && check->definition.type == CheckType::ttl && check->status != Status::critical)
        write_status(*check, Status::critical, "TTL expired (last output before timeout follows): " + check->output, view, now_us);
    return {};
}

Reply run(const ReapCritical& command, View& view, std::int64_t) {
    const Row<Check> check = view.find<Check>(key_of(command.node, command.check_id));
    if (!check || check->service_id.empty() || check->critical_since_us != command.since_us || check->definition.deregister_after_us == 0) return {};
    if (const Row<Instance> instance = view.find<Instance>(key_of(check->node, check->service_id))) remove_instance(*instance, view);
    return {};
}

} // namespace gravity::registry::detail
