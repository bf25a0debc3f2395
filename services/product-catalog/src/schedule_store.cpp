#include "schedule_store.hpp"

#include "problems.hpp"

namespace gravity::product_catalog {

const Sql<Scheduled(ProductId, NewScheduled)> insert_scheduled{"publication.insert", R"sql(
    insert into publication (product_id, at, action) values ($1, $at, $action) returning *)sql",
                                                               {{"publication_pkey", scheduled_already}}};

const Sql<Scheduled(ProductId)> list_scheduled{"publication.list", "select * from publication where product_id = $1 order by at desc limit 200"};

const Sql<void(ProductId, Timestamp)> cancel_scheduled{"publication.cancel", "delete from publication where product_id = $1 and at = $2 and state = 'waiting'"};

// One statement decides: of two workers, or of a job that is run again, the second finds nothing that waits. The earliest first: entries that became
// due together (the service was down) happen in their order.
const Sql<Scheduled(ProductId, Timestamp)> take_scheduled{"publication.take", R"sql(
    update publication set state = 'done', done_at = now()
    where product_id = $1 and at = (select min(at) from publication where product_id = $1 and at <= $2 and state = 'waiting') and state = 'waiting'
    returning *)sql"};

const Sql<void(ProductId, Timestamp, std::string)> fail_scheduled{"publication.fail", R"sql(
    update publication set state = 'failed', problem = $3, done_at = now()
    where product_id = $1 and at = (select min(at) from publication where product_id = $1 and at <= $2 and state = 'waiting') and state = 'waiting')sql"};

} // namespace gravity::product_catalog
