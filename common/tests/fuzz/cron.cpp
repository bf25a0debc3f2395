// Schedules: what is taken reads back as the same, and names times that come strictly later.
#include <gravity/jobs/cron.hpp>

#include <cstdlib>

using namespace gravity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto cron = jobs::Cron::parse({reinterpret_cast<const char*>(data), size});
    if (!cron) return 0;
    const auto again = jobs::Cron::parse(cron->to_string());
    if (!again || !(*again == *cron)) std::abort();
    static const TimeZone zone = TimeZone("UTC");
    Timestamp at = Timestamp::from_unix_seconds(1'700'000'000);
    for (int i = 0; i < 4; ++i) {
        const auto next = cron->next_after(at, zone);
        if (!next) return 0;
        if (!(at < *next)) std::abort();
        at = *next;
    }
    return 0;
}
