#include "actor.hpp"

namespace gravity::project {

Actor service_itself() {
    Actor actor;
    actor.subject = "service:project";
    return actor;
}

} // namespace gravity::project
