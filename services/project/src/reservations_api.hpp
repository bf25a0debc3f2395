#pragma once

#include "project_door.hpp"

#include <gravity/handlers.hpp>

/// Handlers of reservations: something is held back of a limit before it is used, so that no two use the same. Who reserves chooses the id, and may ask again.
namespace gravity::project::reservations {

Task<Reservation> put(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                      Body<NewReservation> in, Given<ProjectDoor> door);
Task<Reservation> get(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                      Given<ProjectDoor> door);
/// It has been used, all of it or some: that counts as usage, and the rest is given back.
Task<Reservation> settle(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                         Body<Settlement> in, Given<ProjectDoor> door);
/// Nothing has been used. One that was never asked for is from now on refused: the request for it may still be on its way.
Task<NoContent> release(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                        Given<ProjectDoor> door);

} // namespace gravity::project::reservations
