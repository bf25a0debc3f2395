// What time does: TTLs, leases, reaping, and the counting of probe results. All on a clock made of numbers.
#include "check_machine.hpp"
#include "go_duration.hpp"
#include "timekeeper.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace gravity::registry {
namespace {

constexpr std::int64_t second = 1'000'000;

ChangeOf<Check> change_of(Check check) {
    const std::string key = key_of(check.node, check.id);
    return {key, std::make_shared<const Check>(std::move(check)), 2};
}

Check ttl_check(Status status) {
    Check check;
    check.node = "n";
    check.id = "c";
    check.service_id = "s";
    check.status = status;
    check.run_here = true;
    check.definition.type = CheckType::ttl;
    check.definition.ttl_us = 10 * second;
    return check;
}

TEST(Timekeeper, ATtlExpiresUnlessItsClientComes) {
    Timekeeper keeper;
    keeper.on_change(change_of(ttl_check(Status::passing)), 0, 0);
    EXPECT_EQ(keeper.next(), 10 * second);
    keeper.renew_check(key_of("n", "c"), 9 * second);
    EXPECT_TRUE(keeper.due(18 * second).empty());
    const auto due = keeper.due(19 * second);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(std::get<ExpireCheck>(due[0]).check_id, "c");
    // Until the change is seen it is tried again; then it is over.
    EXPECT_EQ(keeper.due(19 * second + Timekeeper::again_us).size(), 1u);
    keeper.on_change(change_of(ttl_check(Status::critical)), 25 * second, 0);
    EXPECT_EQ(keeper.next(), std::numeric_limits<std::int64_t>::max());
}

TEST(Timekeeper, AnotherStatusDoesNotProlongATtl) {
    Timekeeper keeper;
    keeper.on_change(change_of(ttl_check(Status::passing)), 0, 0);
    keeper.on_change(change_of(ttl_check(Status::warning)), 5 * second, 0);
    EXPECT_EQ(keeper.next(), 10 * second);
    Check longer = ttl_check(Status::passing);
    longer.definition.ttl_us = 60 * second;
    keeper.on_change(change_of(longer), 5 * second, 0);
    EXPECT_EQ(keeper.next(), 65 * second);
}

TEST(Timekeeper, ALeaseEndsUnlessRenewed) {
    Timekeeper keeper;
    Instance instance;
    instance.node = "n";
    instance.id = "s";
    instance.lease_us = 30 * second;
    const std::string key = key_of("n", "s");
    keeper.on_change(ChangeOf<Instance>{key, std::make_shared<const Instance>(instance), 2}, 0, 0);
    keeper.renew_lease(key, 20 * second);
    EXPECT_TRUE(keeper.due(49 * second).empty());
    const auto due = keeper.due(50 * second);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(std::get<Deregister>(due[0]).service_id, "s");
    keeper.on_change(ChangeOf<Instance>{key, nullptr, 3}, 51 * second, 0);
    EXPECT_EQ(keeper.next(), std::numeric_limits<std::int64_t>::max());
}

TEST(Timekeeper, ReapingCountsTheTimeBeforeARestart) {
    Check check = ttl_check(Status::critical);
    check.definition.deregister_after_us = 60 * second;
    check.critical_since_us = 1000 * second;
    Timekeeper keeper;
    keeper.on_change(change_of(check), 0, 1040 * second); // critical for 40 s when the daemon starts
    EXPECT_EQ(keeper.next(), 20 * second);
    const auto due = keeper.due(20 * second);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(std::get<ReapCritical>(due[0]).since_us, 1000 * second);

    Timekeeper set_back; // a clock in the past makes it wait once in full, not longer
    set_back.on_change(change_of(check), 0, 500 * second);
    EXPECT_EQ(set_back.next(), 60 * second);

    check.run_here = false; // somebody else's check is somebody else's to reap
    Timekeeper foreign;
    foreign.on_change(change_of(check), 0, 1040 * second);
    EXPECT_EQ(foreign.next(), std::numeric_limits<std::int64_t>::max());
}

TEST(CheckMachine, CountsBeforeItTurns) {
    CheckDefinition definition;
    definition.success_before_passing = 2;
    definition.failures_before_warning = 1;
    definition.failures_before_critical = 3;
    CheckMachine machine(definition);
    Check current;
    current.status = Status::passing;
    const auto turn = [&](Status seen) {
        const auto write = machine.next({seen, "o"}, current, 0);
        if (write) current.status = write->status;
        return current.status;
    };
    EXPECT_EQ(turn(Status::critical), Status::warning);
    EXPECT_EQ(turn(Status::critical), Status::warning);
    EXPECT_EQ(turn(Status::critical), Status::critical);
    EXPECT_EQ(turn(Status::passing), Status::critical);
    EXPECT_EQ(turn(Status::critical), Status::warning); // the counts began anew, as in Consul
    EXPECT_EQ(turn(Status::passing), Status::warning);
    EXPECT_EQ(turn(Status::passing), Status::passing);
}

TEST(CheckMachine, AnOutputAloneIsWrittenRarely) {
    CheckMachine machine{CheckDefinition{}};
    Check current;
    current.status = Status::passing;
    EXPECT_TRUE(machine.next({Status::passing, "1"}, current, 0));
    current.output = "1";
    EXPECT_FALSE(machine.next({Status::passing, "2"}, current, CheckMachine::output_interval_us - 1));
    EXPECT_TRUE(machine.next({Status::passing, "2"}, current, CheckMachine::output_interval_us));
    EXPECT_TRUE(machine.next({Status::critical, "2"}, current, CheckMachine::output_interval_us + 1));
    current.status = Status::critical;
    current.output = "2";
    EXPECT_FALSE(machine.next({Status::critical, "2"}, current, 10 * CheckMachine::output_interval_us));
}

TEST(GoDuration, ReadsAndWritesAsGo) {
    const auto us = [](std::string_view text) { return GoDuration::parse(text).or_throw().us(); };
    EXPECT_EQ(us("10s"), 10 * second);
    EXPECT_EQ(us("1h30m"), 5400 * second);
    EXPECT_EQ(us("1.5s"), 1'500'000);
    EXPECT_EQ(us(".5s"), 500'000);
    EXPECT_EQ(us("300ms"), 300'000);
    EXPECT_EQ(us("0"), 0);
    EXPECT_EQ(us("1500ns"), 1);
    EXPECT_EQ(us("0.1s"), 100'000);
    for (const char* bad : {"", "1", "s", "1y", "-1s", "1s ", "1..5s", ".s", "99999999h", "1e3s"}) EXPECT_FALSE(GoDuration::parse(bad)) << bad;
    for (const char* text : {"10s", "1m30s", "1h0m0s", "1.5s", "300ms", "0s", "100h0m0s", "278768h25m9.249032s", "876000h0m0s"})
        EXPECT_EQ(GoDuration::parse(text).or_throw().to_string(), text);
}

} // namespace
} // namespace gravity::registry
