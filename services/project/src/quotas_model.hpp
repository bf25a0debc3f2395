#pragma once

#include "meters_model.hpp"

/// Limits on what is measured: by an organisation's plan, or by a project's own in its place.
namespace gravity::project {

/// How long something counts: until the day or the month of the meter's zone is over, or for good, as what is stored does.
enum class QuotaPeriod {
    day,
    month,
    ever
};
BOOST_DESCRIBE_ENUM(QuotaPeriod, day, month, ever)

enum class QuotaSource {
    plan,
    project
};
BOOST_DESCRIBE_ENUM(QuotaSource, plan, project)

struct QuotaEdit {
    Quantity limit;
    std::optional<Quantity> burst;
    QuotaPeriod period{};
};
BOOST_DESCRIBE_STRUCT(QuotaEdit, (), (limit, burst, period))

/// The limit that holds for a project.
struct Quota : QuotaEdit {
    MeterSlug meter;
    QuotaSource source{};
    Version version;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Quota, (QuotaEdit), (meter, source, version, updated_at))

/// The same with how far it is used up.
struct QuotaState : QuotaEdit {
    MeterSlug meter;
    QuotaSource source{};
    Timestamp since;
    std::optional<Timestamp> until;
    double used = 0;
    double reserved = 0;
};
BOOST_DESCRIBE_STRUCT(QuotaState, (QuotaEdit), (meter, source, since, until, used, reserved))

/// A project's own limit as it is stored.
struct QuotaRow : QuotaEdit {
    MeterId meter_id;
    bool granted = false; // by those who sell plans: it holds whatever the plan gives
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(QuotaRow, (QuotaEdit), (meter_id, granted, version, created_at, updated_at))

struct PlanQuota : QuotaEdit {
    Slug plan;
    MeterSlug meter;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(PlanQuota, (QuotaEdit), (plan, meter, version, created_at, updated_at))

struct SetPlan {
    std::optional<Slug> plan;
};
BOOST_DESCRIBE_STRUCT(SetPlan, (), (plan))

using ReservationId = Id<"reservation">;

enum class ReservationState {
    open,
    settled,
    released,
    expired
};
BOOST_DESCRIBE_ENUM(ReservationState, open, settled, released, expired)

struct NewReservation {
    Quantity amount;
    Bounded<int, 1, 86'400> ttl_seconds{300};
    std::optional<Text<1, 256>> subject;
};
BOOST_DESCRIBE_STRUCT(NewReservation, (), (amount, ttl_seconds, subject))
void check(const NewReservation& wanted, meta::Errors& errors);

struct Settlement {
    Quantity amount;
};
BOOST_DESCRIBE_STRUCT(Settlement, (), (amount))

struct Reservation {
    ReservationId id;
    ReservationState state{};
    Quantity amount;
    std::optional<Quantity> settled;
    std::optional<Text<1, 256>> subject;
    Timestamp expires_at;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Reservation, (), (id, state, amount, settled, subject, expires_at, version, created_at, updated_at))

/// As it is stored: of which meter, and of which period it is held back. Without one it never held anything.
struct ReservationRow : Reservation {
    MeterId meter_id;
    std::optional<QuotaPeriod> period;
    std::optional<Timestamp> starts_at;
};
BOOST_DESCRIBE_STRUCT(ReservationRow, (Reservation), (meter_id, period, starts_at))

/// What is used and held back of a meter in a period.
struct UsageTotal {
    MeterId meter_id;
    QuotaPeriod period{};
    Timestamp starts_at;
    double used = 0;
    double reserved = 0;
};
BOOST_DESCRIBE_STRUCT(UsageTotal, (), (meter_id, period, starts_at, used, reserved))

/// Of a project's limit, or of what a plan gives.
struct QuotaChanged {
    static constexpr Event event{"gravity.project.quota.changed"};
    MeterSlug meter;
    std::optional<ProjectId> project_id;
    std::optional<Slug> plan;
    std::optional<Quantity> limit; // without one there is none any more
    std::optional<Quantity> burst;
    std::optional<QuotaPeriod> period;
};
BOOST_DESCRIBE_STRUCT(QuotaChanged, (), (meter, project_id, plan, limit, burst, period))

/// Four fifths of a limit are used up.
struct QuotaWarned {
    static constexpr Event event{"gravity.project.quota.warned"};
    ProjectId project_id;
    MeterSlug meter;
    Quantity limit;
    QuotaPeriod period{};
    Timestamp since;
    double used = 0;
};
BOOST_DESCRIBE_STRUCT(QuotaWarned, (), (project_id, meter, limit, period, since, used))

/// All of it is.
struct QuotaExceeded {
    static constexpr Event event{"gravity.project.quota.exceeded"};
    ProjectId project_id;
    MeterSlug meter;
    Quantity limit;
    QuotaPeriod period{};
    Timestamp since;
    double used = 0;
};
BOOST_DESCRIBE_STRUCT(QuotaExceeded, (), (project_id, meter, limit, period, since, used))

} // namespace gravity::project

template <>
struct gravity::meta::docs<gravity::project::QuotaEdit> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"burst", "How much more than the limit may still be reserved; that the limit is reached is announced all the same"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::QuotaState> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"source", "Whether it is the plan's limit or the project's own"},
        {"since", "When the period began; 1970 where it never ends"},
        {"reserved", "What is held back and neither settled, released nor expired"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::NewReservation> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"amount", "What may be used; more than 0"},
        {"ttl_seconds", "How long it is held back if nobody settles or releases it"},
        {"subject", "For whom, in the usage that is counted when it is settled"},
    };
};
template <>
struct gravity::meta::docs<gravity::project::Settlement> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"amount", "What has been used of it, at most what was reserved"}};
};

GRAVITY_TABLES(project, QuotaPeriod, QuotaSource, QuotaEdit, Quota, QuotaState, QuotaRow, PlanQuota, SetPlan, ReservationId, ReservationState, NewReservation,
               Settlement, Reservation, ReservationRow, UsageTotal, QuotaChanged, QuotaWarned, QuotaExceeded)
