#include "auth_migrations.hpp"
#include "issuer_fixture.hpp"
#include "keyring.hpp"
#include "keys_schedule.hpp"
#include "keys_store.hpp"

#include <gravity/pg/database.hpp>
#include <gravity/testkit/loop.hpp>

#include <thread>

namespace gravity::issuer {
namespace {

const Timestamp noon = Timestamp::parse("2026-11-27T12:00:00Z").or_throw();

class Keyrings : public testing::Test {
protected:
    auth::MasterKeys sealing = auth::MasterKeys::parse(test_master_key()).or_throw();
    Keyring keyring{sealing};
};

TEST_F(Keyrings, SignWhatTheirKeySetVerifies) {
    std::vector<StoredKey> rows;
    for (const auto alg : {SigningAlgorithm::es256, SigningAlgorithm::eddsa, SigningAlgorithm::rs256})
        rows.push_back(keyring.fresh(alg, KeyState::active, noon, noon));
    EXPECT_EQ(keyring.now(), nullptr);
    keyring.load(rows, 1);
    const auto keys = keyring.now();
    for (const StoredKey& row : rows) {
        const auth::Signer* const signer = keys->signer(row.alg);
        ASSERT_NE(signer, nullptr);
        const auth::PublicKey* const found = keys->published.find(row.kid.view(), algorithm_of(row.alg));
        ASSERT_NE(found, nullptr);
        EXPECT_TRUE(found->verify("text", signer->sign("text")));
    }
    EXPECT_EQ(keys->jwks.find("\"d\""), std::string::npos) << "a private member is published";
}

TEST_F(Keyrings, DoNotGoBack) {
    const auto first = keyring.fresh(SigningAlgorithm::es256, KeyState::active, noon, noon);
    const auto second = keyring.fresh(SigningAlgorithm::es256, KeyState::active, noon, noon);
    keyring.load({second}, 2);
    keyring.load({first}, 1);
    EXPECT_EQ(keyring.now()->signer(SigningAlgorithm::es256)->kid(), second.kid.str());
}

TEST_F(Keyrings, PublishWhatSignsWillSignAndHasSigned) {
    std::vector<StoredKey> rows;
    for (const auto state : {KeyState::next, KeyState::active, KeyState::retiring, KeyState::retired, KeyState::revoked})
        rows.push_back(keyring.fresh(SigningAlgorithm::es256, state, noon, noon));
    keyring.load(rows, 1);
    const auto keys = keyring.now();
    EXPECT_EQ(keys->published.keys().size(), 3u);
    EXPECT_FALSE(keys->published.has(rows[3].kid.view()));
    EXPECT_FALSE(keys->published.has(rows[4].kid.view()));
    EXPECT_EQ(keys->active.size(), 1u);
}

TEST_F(Keyrings, RefuseWhatIsNotAsItWasSealed) {
    const auto row = keyring.fresh(SigningAlgorithm::es256, KeyState::active, noon, noon);
    const auto fails = [&](Keyring& with, const StoredKey& what, std::string_view why) {
        try {
            with.load({what}, 1);
            ADD_FAILURE() << "loaded: " << why;
        } catch (const std::runtime_error& error) {
            EXPECT_NE(std::string_view(error.what()).find(why), std::string_view::npos) << error.what();
            EXPECT_NE(std::string_view(error.what()).find(what.kid.view()), std::string_view::npos) << error.what();
        }
    };
    const auto others = auth::MasterKeys::parse(test_master_key('x')).or_throw();
    Keyring stranger(others);
    fails(stranger, row, "master key that is not configured");
    StoredKey moved = row;
    moved.private_sealed = keyring.fresh(SigningAlgorithm::es256, KeyState::active, noon, noon).private_sealed;
    fails(keyring, moved, "damaged");
    StoredKey renamed = row;
    renamed.alg = SigningAlgorithm::rs256;
    fails(keyring, renamed, "another key");
    StoredKey bare = row;
    bare.private_sealed.reset();
    fails(keyring, bare, "no sealed value");
}

// Replicas that start at the same moment on an empty database.
TEST_F(Keyrings, AreMadeOnceByManyThatStartTogether) {
    const testkit::TestDatabase store(auth_migrations());
    testkit::Loop loop;
    pg::Options options;
    options.url = store.url();
    pg::Database database(options, loop.io());
    Settings settings;
    std::vector<std::thread> replicas;
    std::vector<std::unique_ptr<Keyring>> rings;
    for (int i = 0; i < 4; ++i) rings.push_back(std::make_unique<Keyring>(sealing));
    for (const auto& ring : rings)
        replicas.emplace_back([&] {
            pg::Run run;
            run.scope = pg::Scope::system("test");
            database.run_blocking(run, [&](Tx& tx) {
                tx.one(lock_keys);
                advance_keys(tx, *ring, key_policy(settings));
            });
        });
    for (auto& replica : replicas) replica.join();
    for (const auto& ring : rings) {
        ASSERT_NE(ring->now(), nullptr);
        EXPECT_EQ(ring->now()->jwks, rings.front()->now()->jwks);
    }
    EXPECT_EQ(store.admin("select count(*) from signing_key"), "4");
    EXPECT_EQ(store.admin("select count(*) from signing_key where state = 'active'"), "2");
}

} // namespace
} // namespace gravity::issuer
