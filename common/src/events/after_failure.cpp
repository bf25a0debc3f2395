#include "events/after_failure.hpp"

#include <gravity/base/problem.hpp>
#include <gravity/events/received.hpp>
#include <gravity/redis/error.hpp>

namespace gravity::events {

AfterFailure after_failure(const std::exception_ptr& thrown, int failures, int attempts) {
    AfterFailure after;
    try {
        std::rethrow_exception(thrown);
    } catch (const LeaseLost& lost) {
        return {AfterFailure::Next::not_ours, lost.what(), false};
    } catch (const Undecodable& error) { // nor will it be later
        return {AfterFailure::Next::dead_letters, error.what(), false};
    } catch (const Refusal& refusal) {
        after.why = std::string(refusal.problem().title) + (refusal.detail().empty() ? "" : ": " + refusal.detail());
        after.counted = refusal.problem().status != 503;
    } catch (const redis::Error& error) {
        after.why = error.what();
        after.counted = false;
    } catch (const std::exception& error) {
        after.why = error.what();
    } catch (...) {
        after.why = "an exception of an unknown type";
    }
    if (after.counted && failures + 1 >= attempts) after.next = AfterFailure::Next::dead_letters;
    return after;
}

} // namespace gravity::events
