#include "admin.hpp"
#include "wiring.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::gateway {
namespace {

DataAddress data_address;

/// PORT and LISTEN_ADDRESS are those of the data path; the service's own server is the admin interface.
void choose_ports(app::PlatformSettings& platform, const AdminSettings& admin) {
    data_address = {platform.listen_address, static_cast<std::uint16_t>(platform.port.value())};
    platform.port = admin.port.value();
    platform.listen_address = admin.address;
}

void provision(app::Runtime& runtime) {
    const auto daemon = std::make_shared<Daemon>(runtime, data_address, runtime.resources.get<Settings>());
    runtime.resources.put(daemon);
    daemon->start();
}

Task<void> mirror_health(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().mirror_health(); }
Task<void> watch_files(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().watch_files(); }
Task<void> follow_documents(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().follow_documents(); }
Task<void> tell_events(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().tell_events(); }
Task<void> hear_events(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().hear_events(); }
Task<void> drain(app::Runtime& runtime) { co_await runtime.resources.get<Daemon>().drain(); }

} // namespace
} // namespace gravity::gateway

int main(int argc, char** argv) {
    using namespace gravity::gateway;
    auto admin = std::make_shared<AdminSettings>();
    gravity::Service service{"gateway", 8000};
    service.settings<Settings>("GATEWAY_")
        .settings("ADMIN_", admin)
        .routes(admin_routes)
        .provision(provision)
        .background(mirror_health)
        .background(watch_files)
        .background(follow_documents)
        .background(tell_events)
        .background(hear_events)
        .on_drain(drain)
        .unregistered();
    service.before_start([admin](gravity::app::PlatformSettings& platform) { choose_ports(platform, *admin); });
    return service.run(argc, argv);
}
