#include "imports_store.hpp"

namespace gravity::config {

const Sql<ConfigSetId(NewConfigSet)> find_set{"set.find", R"sql(
    select id from config_set where label = $label and application = $application and profile = $profile)sql"};

} // namespace gravity::config
