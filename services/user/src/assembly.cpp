#include "assembly.hpp"

#include "api.hpp"
#include "config.hpp"
#include "user_migrations.hpp"

namespace gravity::user {

Service assemble(std::uint16_t port) {
    Service service{"user", port};
    service.settings<Settings>("USER_").postgres(user_migrations()).routes(routes).roots({"/scim"}).access_keys();
    return service;
}

} // namespace gravity::user
