#include "receipts.hpp"

#include "privacy.hpp"
#include "privacy_store.hpp"
#include "problems.hpp"

namespace gravity::user {
namespace {

constexpr std::string_view source_of_services = "urn:gravity:service:";

void check_answer(PrivacyKind kind, const TaskAnswer& answer) {
    if (kind == PrivacyKind::erasure && !answer.method) throw Refusal(problems::invalid).with_faults({{"/method", "is required of an erasure"}});
    if (kind == PrivacyKind::erasure && answer.data) throw Refusal(problems::invalid).with_faults({{"/data", "is of exports"}});
    if (kind == PrivacyKind::export_ && !answer.data) throw Refusal(problems::invalid).with_faults({{"/data", "is required of an export"}});
    if (answer.kept.size() > 100) throw Refusal(problems::invalid).with_faults({{"/kept", "must have at most 100 items"}});
}

bool waits_for_answers(PrivacyState state) {
    return state == PrivacyState::collecting || state == PrivacyState::erasing || state == PrivacyState::blocked;
}

} // namespace

Problem flag_answer(Tx& tx, const Slug& service, const Problem& problem, const PrivacyRequestId& request) {
    tx.exec(flag_holder, service, std::string(problem.slug) + ": " + request.to_string(), tx.now());
    return problem;
}

std::optional<Problem> take_answer(Tx& tx, const Slug& service, const PrivacyRequestId& id, const TaskAnswer& answer) {
    const auto request = tx.maybe(lock_privacy_request, id);
    const auto task = request ? tx.maybe(lock_task, id, service) : std::nullopt;
    if (!task) return flag_answer(tx, service, no_such_task, id);
    check_answer(request->kind, answer);
    if (task->state == TaskState::answered) { // once more, as it may be: then it says the same
        if (json::encode(*task->receipt) != json::encode(static_cast<const Receipt&>(answer))) return flag_answer(tx, service, answer_differs, id);
        return std::nullopt;
    }
    if (!waits_for_answers(request->state)) throw Refusal(request_state);
    tx.exec(answer_task, id, service, tx.now(), static_cast<const Receipt&>(answer), answer.data);
    advance_soon(tx, id);
    return std::nullopt;
}

std::optional<Problem> take_part(Tx& tx, const Slug& service, const PrivacyRequestId& id, const PartNumber& part, const Json& data) {
    const auto request = tx.maybe(lock_privacy_request, id);
    const auto task = request ? tx.maybe(lock_task, id, service) : std::nullopt;
    if (!task) return flag_answer(tx, service, no_such_task, id);
    if (request->kind != PrivacyKind::export_) throw Refusal(request_state, "It is no export");
    if (task->state == TaskState::answered) {
        const auto kept = tx.maybe(get_part, id, service, part.value());
        if (!kept || *kept != data) return flag_answer(tx, service, answer_differs, id);
        return std::nullopt;
    }
    if (!waits_for_answers(request->state)) throw Refusal(request_state);
    if (part.value() > task->parts + 1) throw Refusal(part_missing);
    if (part.value() > task->parts && tx.one(count_parts, id) >= most_parts) throw Refusal(too_many_parts);
    tx.exec(put_part, id, service, part.value(), 0, data);
    return std::nullopt;
}

bool keep_part(Tx& tx, const Slug& service, const PrivacyRequestId& id, const std::optional<std::string>& place, const CollectedPart& part) {
    const auto request = tx.maybe(lock_privacy_request, id);
    const auto task = request ? tx.maybe(lock_task, id, service) : std::nullopt;
    if (!task || task->state == TaskState::answered || request->state != PrivacyState::collecting || task->place != place) return false;
    if (task->parts >= most_parts_of_one || tx.one(count_parts, id) >= most_parts) throw Refusal(too_many_parts);
    tx.exec(put_part, id, service, task->parts + 1, part.rows.value(), *part.data);
    tx.exec(set_place, id, service, part.next->str());
    return true;
}

void take_receipt(Tx& tx, const Received<HolderErased>& e) {
    if (!e.source.starts_with(source_of_services)) throw events::Undecodable("its source is no service");
    const auto service = Slug::parse(e.source.substr(source_of_services.size()));
    if (!service) throw events::Undecodable("its source is no service: " + std::string(service.why()));
    if (service->view() == own_holder) return;
    tx.maybe(lock_holder, *service);
    const auto request = tx.maybe(lock_privacy_request, e.data.id);
    if (request && !waits_for_answers(request->state) && request->state != PrivacyState::certified) return; // called off
    TaskAnswer answer;
    static_cast<Receipt&>(answer) = e.data;
    take_answer(tx, *service, e.data.id, answer);
}

} // namespace gravity::user
