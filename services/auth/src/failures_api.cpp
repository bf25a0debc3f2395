#include "failures_api.hpp"

#include "failures_store.hpp"

namespace gravity::issuer {
namespace {

constexpr int most_of_trace = 100;

} // namespace

bool TraceIdText::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.size() == 32 && in.find_first_not_of("0123456789abcdef") == std::string_view::npos) {
        out = in;
        return true;
    }
    why = "must be 32 hexadecimal digits in lower case";
    return false;
}

namespace failures {

AuthFailures get(Tx& tx, Path<"trace_id", TraceIdText> trace) {
    AuthFailures found{*trace, tx.all(failures_of_trace, trace->str(), most_of_trace)};
    if (found.items.empty()) throw Refusal(problems::not_found);
    return found;
}

} // namespace failures
} // namespace gravity::issuer
