// How commands become transactions of a store that others write too, and what comes back from it becomes the model: without I/O.
#include "etcd_messages.hpp"
#include "follow.hpp"
#include "layout.hpp"
#include "world.hpp"

#include <algorithm>

namespace gravity::registry {
namespace {

using shared::Compare;
using shared::Draft;
using shared::Guards;
using shared::Transaction;

constexpr std::int64_t provisional = std::int64_t{1} << 62;

/// Commands evaluated as a daemon that shares its store does.
struct Sharer {
    test::World world;
    Guards guards;
    std::int64_t followed = 50;

    Transaction transaction_of(const std::vector<Command>& commands, shared::Limits limits = {}) {
        Reads reads;
        View view(world.model, provisional, &reads);
        Draft draft(world.model, limits);
        for (const Command& command : commands) {
            const std::size_t first = view.changes().size();
            replies.push_back(evaluate(command, view, world.now_us));
            EXPECT_TRUE(draft.add(view.changes(), first));
        }
        return std::move(draft).finish(reads, guards, followed);
    }
    std::vector<Reply> replies;
};

bool compares(const Transaction& transaction, const Compare& wanted) {
    return std::find(transaction.compares.begin(), transaction.compares.end(), wanted) != transaction.compares.end();
}

PutKey put(std::string key, std::string value) {
    PutKey command;
    command.key = std::move(key);
    command.value = std::move(value);
    return command;
}

TEST(Draft, AKeyIsWrittenIfItIsAsItWasRead) {
    Sharer sharer;
    sharer.world.run(put("a", "1"));
    const std::int64_t index = sharer.world.model.find<KvEntry>("a")->modify_index;
    const Transaction transaction = sharer.transaction_of({put("a", "2"), put("b", "3")});
    EXPECT_TRUE(compares(transaction, {"k/a", index}));
    EXPECT_TRUE(compares(transaction, {"k/b", 0})); // it may not come to be meanwhile
    EXPECT_EQ(transaction.compares.size(), 2u);
    EXPECT_TRUE(transaction.writes.contains("k/a"));
    EXPECT_TRUE(transaction.writes.contains(".guard/k/"));
    EXPECT_FALSE(transaction.writes.contains(".guard/holders"));
    // The store gives the indexes.
    EXPECT_EQ(transaction.writes.at("k/a")->find(std::to_string(provisional + 1)), std::string::npos);
}

TEST(Draft, TheLastOfSeveralWritesOfAKeyStands) {
    Sharer sharer;
    const Transaction transaction = sharer.transaction_of({put("a", "1"), DeleteKey{"a", std::nullopt}});
    EXPECT_TRUE(transaction.writes.contains("kt/a"));
    EXPECT_EQ(transaction.writes.at("k/a"), std::nullopt);
}

TEST(Draft, WhatIsReadByPrefixMayNotGrow) {
    Sharer sharer;
    sharer.world.run(put("a/1", "x"));
    sharer.world.run(put("b", "x"));
    const Transaction transaction = sharer.transaction_of({DeleteTree{"a/"}});
    EXPECT_TRUE(compares(transaction, {"k/a/1", sharer.world.model.find<KvEntry>("a/1")->modify_index}));
    EXPECT_TRUE(compares(transaction, {"k/a/", 50, "k/a0"}));
    EXPECT_EQ(transaction.compares.size(), 2u);
}

TEST(Draft, WhatIsFoundByAnythingElseIsGuardedAsAWhole) {
    Sharer sharer;
    sharer.guards = {{".guard/c/", 7}, {".guard/holders", 9}};
    Node node;
    node.name = "n";
    Register registration;
    registration.node = node;
    sharer.world.run(registration);
    Session session;
    session.id = "s1";
    session.node = "n";
    sharer.world.run(CreateSession{session});
    PutKey lock = put("lock", "");
    lock.lock = LockStep::acquire;
    lock.session = "s1";
    const Transaction taken = sharer.transaction_of({lock});
    EXPECT_TRUE(compares(taken, {"x/s1", sharer.world.model.find<Session>("s1")->modify_index})); // the session may not have ended
    EXPECT_TRUE(taken.writes.contains(".guard/holders"));
    sharer.world.run(lock);
    const Transaction ended = sharer.transaction_of({EndSession{"s1"}});
    EXPECT_TRUE(compares(ended, {".guard/holders", 9})); // nobody may have taken another key for it
    EXPECT_TRUE(ended.writes.contains(".guard/holders"));

    Check check;
    check.node = "n";
    check.id = "c";
    check.status = Status::critical;
    Register with_check;
    with_check.node = node;
    with_check.checks = {check};
    EXPECT_TRUE(compares(sharer.transaction_of({with_check}), {".guard/c/", 7})); // sessions and aliases follow checks
}

TEST(Draft, ARefusalRestsOnWhatWasRead) {
    Sharer sharer;
    PutKey cas = put("a", "1");
    cas.cas = 17;
    const Transaction transaction = sharer.transaction_of({cas});
    EXPECT_FALSE(sharer.replies[0].done);
    EXPECT_TRUE(transaction.writes.empty());
    EXPECT_TRUE(compares(transaction, {"k/a", 0}));
}

TEST(Draft, TooMuchToCompareIsComparedByItsGuard) {
    Sharer sharer;
    sharer.guards = {{".guard/k/", 40}};
    for (int i = 0; i < 100; ++i) sharer.world.run(put("t/" + std::to_string(i), "x"));
    KeyOperation list;
    list.verb = KeyOperation::Verb::get_tree;
    list.key = "t/";
    const Transaction transaction = sharer.transaction_of({Transact{{list}}}, {64});
    EXPECT_EQ(transaction.compares, std::vector<Compare>({{".guard/k/", 40}}));
    EXPECT_EQ(sharer.replies[0].results.size(), 100u);
}

TEST(Draft, WhatDoesNotFitIsNotTaken) {
    test::World world;
    Draft draft(world.model, {16});
    View view(world.model, provisional);
    int taken = 0;
    for (;; ++taken) {
        const std::size_t first = view.changes().size();
        evaluate(put("k" + std::to_string(taken), "x"), view, 0);
        if (!draft.add(view.changes(), first)) break;
    }
    EXPECT_EQ(taken, 12); // 16 less the guard, and the three that every transaction has
    EXPECT_EQ(std::move(draft).finish({}, {}, 0).writes.size(), 13u);
    Draft small(world.model, {128, 100});
    View other(world.model, provisional);
    evaluate(put("k", std::string(200, 'x')), other, 0);
    EXPECT_FALSE(small.add(other.changes(), 0));
    EXPECT_TRUE(small.writes_nothing());
}

TEST(Draft, RenewalsGoWithIt) {
    test::World world;
    Draft draft(world.model, {});
    draft.renew("x1");
    draft.renew(std::string("cn\0c", 4));
    draft.renew("x1");
    const Transaction transaction = std::move(draft).finish({}, {}, 0);
    EXPECT_EQ(shared::renewals_of(*transaction.writes.at(".renewed")), std::vector<std::string>({std::string("cn\0c", 4), "x1"}));
    EXPECT_TRUE(shared::renewals_of("").empty());
}

TEST(Clearing, GoesInStepsThatFit) {
    test::World world;
    for (const char* key : {"a", "b", "c"}) {
        world.run(put(key, "x"));
        world.run(DeleteKey{key, std::nullopt});
    }
    world.run(ReapTombstones{world.model.index(), 2});
    EXPECT_EQ(world.model.table<Tombstone>().size(), 1u);
    world.register_web("w", 1, R"(,"Check":{"CheckID":"c","TTL":"10s"})");
    for (int i = 0; i < 4; ++i) world.put(i % 2 == 0 ? "/v1/agent/check/pass/c" : "/v1/agent/check/fail/c");
    world.put("/v1/agent/service/deregister/w");
    const std::string owner = key_of("node1", "w");
    const auto kept = [&] { return layout::transitions(world.store, owner, 1000).size(); };
    const std::size_t all = kept();
    ASSERT_GE(all, 4u);
    world.run(ForgetHistories{{owner}, 3});
    EXPECT_EQ(kept(), all - 2);
    ASSERT_NE(world.model.find<History>(owner), nullptr);
    world.run(ForgetHistories{{owner}, 100});
    EXPECT_EQ(kept(), 0u);
    EXPECT_EQ(world.model.find<History>(owner), nullptr);
}

TEST(Owner, EachKeyHasOneAndOnlyThoseOfOneWhoGoesMove) {
    const std::set<std::string> three{"a", "b", "c"}, two{"a", "c"};
    std::map<std::string, int> counts;
    for (int i = 0; i < 3000; ++i) {
        const std::string key = "check" + std::to_string(i);
        const std::string owner = shared::owner_of(key, three);
        ++counts[owner];
        if (owner != "b") {
            EXPECT_EQ(shared::owner_of(key, two), owner);
        }
    }
    for (const auto& [member, count] : counts) EXPECT_NEAR(count, 1000, 150) << member;
    EXPECT_EQ(shared::owner_of("x", {}), "");
}

etcd::Event event(std::string key, std::optional<std::string> value, std::int64_t revision) {
    return {std::move(key), std::move(value), revision - 1, revision};
}

TEST(Follow, RowsGetTheRevisionsAsTheirIndexes) {
    Sharer writer;
    const Transaction transaction = writer.transaction_of({put("a", "1")});
    Model model;
    const Change change = shared::change_of(event("k/a", transaction.writes.at("k/a"), 61), model);
    const auto& entry = std::get<ChangeOf<KvEntry>>(change);
    EXPECT_EQ(entry.key, "a");
    EXPECT_EQ(entry.index, 61);
    EXPECT_EQ(entry.after->modify_index, 61);
    EXPECT_EQ(entry.after->create_index, 60);
    EXPECT_EQ(entry.after->value.view(), "1");
    const Change gone = shared::change_of(event("c/a%2Fb/x", std::nullopt, 62), model);
    EXPECT_EQ(std::get<ChangeOf<Check>>(gone).key, key_of("a/b", "x"));
    EXPECT_EQ(std::get<ChangeOf<Check>>(gone).after, nullptr);
    EXPECT_THROW(shared::change_of(event("zz", "{}", 63), model), StoreError);
    EXPECT_THROW(shared::change_of(event("zz", std::nullopt, 63), model), StoreError);
    EXPECT_THROW(shared::change_of(event("k/a", "no JSON", 63), model), StoreError);
}

TEST(Follow, AListingIsReachedInOrder) {
    test::World world;
    world.run(put("gone", "1"));
    world.run(put("same", "1"));
    world.run(put("changed", "1"));
    const auto row_of = [&](const std::string& key) { return *layout::write_of(ChangeOf<KvEntry>{key, world.model.table<KvEntry>().at(key), 0}, true).value; };
    std::map<std::string, etcd::Pair> listed;
    listed["k/same"] = {"", row_of("same"), 1, world.model.find<KvEntry>("same")->modify_index};
    listed["k/changed"] = {"", row_of("changed"), 1, 80};
    listed["k/new"] = {"", row_of("same"), 70, 70};
    listed[".index"] = {"", "1", 70, 70};
    listed["ht/n/s\0001"] = {"", "{}", 70, 70};
    const std::vector<Change> changes = shared::differences(listed, 90, world.model);
    ASSERT_EQ(changes.size(), 3u);
    EXPECT_EQ(std::get<ChangeOf<KvEntry>>(changes[0]).key, "new");
    EXPECT_EQ(std::get<ChangeOf<KvEntry>>(changes[1]).key, "changed");
    EXPECT_EQ(std::get<ChangeOf<KvEntry>>(changes[2]).key, "gone");
    EXPECT_EQ(std::get<ChangeOf<KvEntry>>(changes[2]).index, 90);
    std::set<std::string> touched;
    world.model.apply(changes, touched);
    EXPECT_TRUE(shared::differences(listed, 91, world.model).empty());
}

TEST(Follow, TheLedgerKnowsWhoLivesAndWhoLeads) {
    shared::Ledger ledger;
    ledger.note(".member/a", "n1", 3);
    ledger.note(".member/b", "n2", 4);
    ledger.note(".leader", "a/17", 5);
    EXPECT_EQ(ledger.members(), (std::set<std::string>{"a", "b"}));
    EXPECT_EQ(ledger.leader(), "a/17");
    EXPECT_EQ(ledger.revision_of(".leader"), 5);
    ledger.note(".member/a", std::nullopt, 6);
    ledger.note(".leader", std::nullopt, 6);
    EXPECT_EQ(ledger.members(), std::set<std::string>{"b"});
    EXPECT_EQ(ledger.leader(), "");
    EXPECT_EQ(ledger.revision_of(".leader"), 0);
}

TEST(EtcdMessages, TransactionsAndTheirAnswers) {
    Transaction transaction;
    transaction.compares = {{"a", 3}, {"b", 9, "c"}};
    transaction.writes = {{"x", "1"}, {"y", std::nullopt}};
    const Json body = Json::parse(etcd::txn_body(transaction, "/p/", {{"m"}, 77, {"x"}})).or_throw();
    EXPECT_EQ(*body.at_pointer("/compare/0/key"), Json("L3AvYQ=="));
    EXPECT_EQ(*body.at_pointer("/compare/0/mod_revision"), Json("3"));
    EXPECT_EQ(*body.at_pointer("/compare/1/result"), Json("LESS"));
    EXPECT_EQ(*body.at_pointer("/compare/1/mod_revision"), Json("10"));
    EXPECT_EQ(*body.at_pointer("/compare/1/range_end"), Json("L3AvYw=="));
    EXPECT_EQ(*body.at_pointer("/success/0/request_put/lease"), Json("77"));
    EXPECT_EQ(*body.at_pointer("/success/1/request_delete_range/key"), Json("L3AveQ=="));
    EXPECT_EQ(*body.at_pointer("/failure/0/request_range/key"), Json("L3AvbQ=="));

    const auto done = etcd::txn_answer(R"({"header":{"revision":"12"},"succeeded":true,"responses":[{"response_put":{"header":{"revision":"12"}}}]})");
    EXPECT_TRUE(done.succeeded);
    EXPECT_EQ(done.revision, 12);
    const auto refused = etcd::txn_answer(R"({"header":{"revision":"13"},"responses":[
                                              {"response_range":{"kvs":[{"key":"L3AvYQ==","mod_revision":"5","value":"MQ=="}]}},
                                              {"response_range":{"header":{"revision":"13"}}}]})");
    EXPECT_FALSE(refused.succeeded);
    ASSERT_EQ(refused.read.size(), 2u);
    EXPECT_EQ(refused.read[0], std::vector<etcd::Pair>({{"/p/a", "1", 0, 5}}));
    EXPECT_TRUE(refused.read[1].empty());
}

TEST(EtcdMessages, WatchesLeasesAndFaults) {
    const auto answer = etcd::watch_answer(R"({"result":{"header":{"revision":"4"},"events":[
                                              {"kv":{"key":"YQ==","create_revision":"2","mod_revision":"3","value":"Mg=="}},
                                              {"type":"DELETE","kv":{"key":"YQ==","mod_revision":"4"}}]}})");
    ASSERT_EQ(answer.events.size(), 2u);
    EXPECT_EQ(answer.events[0].value, "2");
    EXPECT_EQ(answer.events[0].create_revision, 2);
    EXPECT_EQ(answer.events[1].value, std::nullopt);
    EXPECT_EQ(etcd::watch_answer(R"({"result":{"header":{},"canceled":true,"compact_revision":"3"}})").compact_revision, 3);
    EXPECT_EQ(etcd::lease_answer(R"({"result":{"header":{},"ID":"7","TTL":"5"}})").seconds, 5);
    EXPECT_EQ(etcd::lease_answer(R"({"result":{"header":{},"ID":"7"}})").seconds, 0);
    EXPECT_EQ(etcd::range_answer(R"({"header":{"cluster_id":"c","revision":"9"},"more":true})").cluster, "c");
    EXPECT_EQ(etcd::error_text(R"({"error":"etcdserver: no space","code":8})"), "etcdserver: no space");
    for (const char* bad : {"", "{", R"({"result":{"events":[{}]}})", R"({"error":{"message":"no leader"}})", R"({"result":{"events":[{"kv":{"key":"?"}}]}})"})
        EXPECT_THROW(etcd::watch_answer(bad), etcd::Malformed) << bad;
    EXPECT_THROW(etcd::range_answer("{}"), etcd::Malformed);
    EXPECT_THROW(etcd::range_answer(R"({"header":{"revision":"x"}})"), etcd::Malformed);
}

TEST(EtcdMessages, TheEndOfAPrefix) {
    EXPECT_EQ(shared::end_of("a/"), "a0");
    EXPECT_EQ(shared::end_of("a\xFF"), "b");
    EXPECT_EQ(shared::end_of("\xFF"), std::string(1, '\0'));
}

} // namespace
} // namespace gravity::registry
