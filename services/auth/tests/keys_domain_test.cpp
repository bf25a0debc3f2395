#include "keys_domain.hpp"

#include <gtest/gtest.h>

namespace gravity::issuer {
namespace {

using Kind = KeyStep::Kind;

const Timestamp noon = Timestamp::parse("2026-11-27T12:00:00Z").or_throw();
const KeyPolicy policy{.rotation = Duration::days(90)};

StoredKey key(std::string kid, SigningAlgorithm alg, KeyState state, Timestamp created_at, Timestamp activates_at) {
    StoredKey row;
    row.kid = Kid::parse(kid).or_throw();
    row.alg = alg;
    row.state = state;
    row.created_at = created_at;
    row.activates_at = activates_at;
    if (state == KeyState::retiring) row.retires_at = activates_at;
    return row;
}

// What the store does with a step.
void take(std::vector<StoredKey>& keys, const KeyStep& step, Timestamp now) {
    static int made = 0;
    if (step.kind == Kind::make) {
        keys.push_back(key("k" + std::to_string(++made), step.alg, step.state, now, step.at));
        return;
    }
    for (StoredKey& each : keys) {
        if (step.kind == Kind::activate && each.alg == step.alg && each.state == KeyState::active) {
            each.state = KeyState::retiring;
            each.retires_at = now + policy.kept;
        }
        if (each.kid == step.kid) {
            each.state = step.kind == Kind::activate ? KeyState::active : KeyState::retired;
            if (step.kind == Kind::activate) each.activates_at = now;
        }
    }
}

void settle(std::vector<StoredKey>& keys, Timestamp now) {
    for (int steps = 0; const auto step = due_step(keys, policy, now); ++steps) {
        ASSERT_LT(steps, 20) << "it never comes to rest";
        take(keys, *step, now);
    }
}

const StoredKey* find(const std::vector<StoredKey>& keys, SigningAlgorithm alg, KeyState state) {
    for (const StoredKey& each : keys)
        if (each.alg == alg && each.state == state) return &each;
    return nullptr;
}

TEST(KeyLife, BeginsWithWhatSignsAndItsSuccessor) {
    std::vector<StoredKey> keys;
    settle(keys, noon);
    ASSERT_EQ(keys.size(), 4u);
    for (const auto alg : {SigningAlgorithm::es256, SigningAlgorithm::rs256}) {
        ASSERT_NE(find(keys, alg, KeyState::active), nullptr);
        ASSERT_NE(find(keys, alg, KeyState::next), nullptr);
        EXPECT_EQ(find(keys, alg, KeyState::next)->activates_at, noon + Duration::days(90));
    }
}

TEST(KeyLife, GoesOnByTime) {
    std::vector<StoredKey> keys;
    settle(keys, noon);
    const Kid successor = find(keys, SigningAlgorithm::es256, KeyState::next)->kid;
    EXPECT_FALSE(due_step(keys, policy, noon + Duration::days(90) - Duration::seconds(1)));

    const Timestamp later = noon + Duration::days(90);
    settle(keys, later);
    EXPECT_EQ(find(keys, SigningAlgorithm::es256, KeyState::active)->kid, successor);
    ASSERT_NE(find(keys, SigningAlgorithm::es256, KeyState::retiring), nullptr);
    EXPECT_EQ(find(keys, SigningAlgorithm::es256, KeyState::next)->activates_at, later + Duration::days(90));
    EXPECT_FALSE(due_step(keys, policy, later + policy.kept - Duration::seconds(1)));

    settle(keys, later + policy.kept);
    EXPECT_EQ(find(keys, SigningAlgorithm::es256, KeyState::retiring), nullptr);
    ASSERT_NE(find(keys, SigningAlgorithm::es256, KeyState::retired), nullptr);
}

TEST(KeyLife, OfAKeyThatWasLostGoesOnWithItsSuccessorAtOnce) {
    std::vector<StoredKey> keys;
    settle(keys, noon);
    for (StoredKey& each : keys) {
        if (each.alg != SigningAlgorithm::es256) continue;
        if (each.state == KeyState::active) each.state = KeyState::revoked;
        else each.activates_at = noon; // as the revocation leaves it
    }
    const Kid successor = find(keys, SigningAlgorithm::es256, KeyState::next)->kid;
    settle(keys, noon);
    EXPECT_EQ(find(keys, SigningAlgorithm::es256, KeyState::active)->kid, successor);
    ASSERT_NE(find(keys, SigningAlgorithm::es256, KeyState::next), nullptr);
}

TEST(KeyLife, OfEddsaBeginsWhenItWasAskedForAndIsKnown) {
    std::vector<StoredKey> keys;
    settle(keys, noon);
    keys.push_back(key("ed", SigningAlgorithm::eddsa, KeyState::next, noon, earliest_use(noon, policy, noon)));
    settle(keys, noon);
    EXPECT_EQ(find(keys, SigningAlgorithm::eddsa, KeyState::active), nullptr) << "no verifier knows it yet";
    settle(keys, noon + policy.lead);
    ASSERT_NE(find(keys, SigningAlgorithm::eddsa, KeyState::active), nullptr);
    EXPECT_EQ(find(keys, SigningAlgorithm::eddsa, KeyState::active)->kid, "ed");
    EXPECT_NE(find(keys, SigningAlgorithm::eddsa, KeyState::next), nullptr);
}

// Ten years in which somebody looks now and then: at each moment one key of an algorithm signs, and none signs before it was known.
TEST(KeyLife, HoldsWhatItPromisesForYears) {
    std::vector<StoredKey> keys;
    settle(keys, noon);
    std::uint64_t random = 7;
    for (Timestamp at = noon; at < noon + Duration::days(3650);) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        at += Duration::minutes(static_cast<std::int64_t>(random >> 50));
        std::vector<StoredKey> before = keys;
        settle(keys, at);
        for (const auto alg : {SigningAlgorithm::es256, SigningAlgorithm::rs256}) {
            int active = 0;
            for (const StoredKey& each : keys) {
                active += each.alg == alg && each.state == KeyState::active;
                const bool began_later = each.alg == alg && each.state == KeyState::active && each.activates_at != noon;
                EXPECT_TRUE(!began_later || each.activates_at >= each.created_at + policy.lead);
            }
            EXPECT_EQ(active, 1);
        }
        for (const StoredKey& was : before)
            for (const StoredKey& is : keys)
                EXPECT_TRUE(was.kid != is.kid || was.state <= is.state);
        std::erase_if(keys, [](const StoredKey& each) { return each.state == KeyState::retired; });
    }
}

} // namespace
} // namespace gravity::issuer
