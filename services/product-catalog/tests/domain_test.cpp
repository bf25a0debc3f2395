#include "domain.hpp"
#include "problems.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog {
namespace {

const Timestamp noon = Timestamp::parse("2026-11-23T12:00:00Z").or_throw();

Product product(Status status) {
    Product p;
    p.name = "Mug";
    p.slug = "mug";
    p.id = ProductId::fresh();
    p.status = status;
    return p;
}

template <class F>
std::string refusal_of(F&& call) {
    try {
        call();
    } catch (const Refusal& refusal) {
        return std::string(refusal.problem().slug);
    }
    return "none";
}

TEST(Publish, MakesADraftActiveAndNotesWhen) {
    const Product p = publish(product(Status::draft), noon);
    EXPECT_EQ(p.status, Status::active);
    EXPECT_EQ(p.published_at, noon);
}

TEST(Publish, RefusesWhatIsNotADraft) {
    EXPECT_EQ(refusal_of([] { publish(product(Status::active), noon); }), not_a_draft.slug);
    EXPECT_EQ(refusal_of([] { publish(product(Status::archived), noon); }), not_a_draft.slug);
}

TEST(Unpublish, IsTheWayBack) {
    const Product p = unpublish(publish(product(Status::draft), noon));
    EXPECT_EQ(p.status, Status::draft);
    EXPECT_FALSE(p.published_at);
    EXPECT_EQ(refusal_of([&] { unpublish(p); }), not_active.slug);
}

TEST(Delete, SparesWhatBuyersSee) {
    EXPECT_EQ(refusal_of([] { check_deletable(product(Status::active)); }), still_active.slug);
    EXPECT_EQ(refusal_of([] { check_deletable(product(Status::draft)); }), "none");
}

} // namespace
} // namespace gravity::product_catalog
