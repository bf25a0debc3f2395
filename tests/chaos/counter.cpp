// Notes every product that product-catalog announces, as often as the announcement takes effect here: once, if all is well.
#include <gravity/service.hpp>

namespace {

using namespace gravity;

constexpr pg::Migration migrations[] = {{"0001_seen", R"sql(
    create table seen (id bigint generated always as identity primary key, project uuid, product uuid not null, sequence bigint not null);
    call gravity.isolate('seen');)sql"}};

struct ProductCreated {
    static constexpr Event event{"gravity.product_catalog.product.created"};
    Uuid id;
};
BOOST_DESCRIBE_STRUCT(ProductCreated, (), (id))

const Sql<void(Uuid, std::int64_t)> insert_seen{"seen.insert", "insert into seen (product, sequence) values ($1, $2)"};

void count(Tx& tx, const Received<ProductCreated>& e) { tx.exec(insert_seen, e.data.id, e.sequence); }

} // namespace

int main(int argc, char** argv) { return Service{"chaos-counter", 0}.postgres(migrations).consume(count).run(argc, argv); }
