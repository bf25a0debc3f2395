#include "facets_job.hpp"

#include "facets_store.hpp"

#include <set>

namespace gravity::product_catalog {
namespace {

constexpr int changes_a_run = 20'000;
constexpr std::string_view only_one = "facets";

} // namespace

// The changes go first, the index is read after: what is published in between is noted by a row that this run does not see and so does not take.
void pack_facets(Tx& tx, const PackFacets&, JobRun&) {
    const auto changed = tx.all(take_changes, changes_a_run);
    if (changed.empty()) return;
    tx.one(take_room);
    std::set<int> segments;
    for (const int segment : tx.all(clear_places, changed)) segments.insert(segment);
    for (const int segment : tx.all(give_places, changed)) segments.insert(segment);
    for (const int segment : segments) {
        tx.exec(clear_facet_bits, segment);
        tx.exec(clear_facet_sets, segment);
        tx.exec(make_facets, segment);
    }
    if (changed.size() == changes_a_run) tx.enqueue(PackFacets{}, {.key = std::string(only_one), .again = true}); // there are more
}

void facets_changed(Tx& tx, ProductId product) {
    if (tx.one(note_change, product)) tx.enqueue(PackFacets{}, {.key = std::string(only_one), .again = true});
}

} // namespace gravity::product_catalog
