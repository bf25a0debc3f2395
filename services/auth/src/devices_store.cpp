#include "devices_store.hpp"

namespace gravity::issuer {

const Sql<void(DeviceId, Bytes, ClientId, std::vector<std::string>, int, Timestamp)> insert_device{"device.insert", R"sql(
    insert into device (id, hash, client_id, scopes, state, interval_seconds, expires_at)
    select $1, $2, c.id, $4, 'pending', $5, $6 from client c where c.id = $3 for key share)sql"};
const Sql<void(std::string, DeviceId)> list_device{"device.list_in_directory", R"sql(
    insert into device_directory (user_code, device_id) values ($1, $2) on conflict on constraint device_directory_pkey do nothing)sql"};

const Sql<DeviceFound(std::string)> find_device{"device.find_in_directory", "select device_id, project from device_directory where user_code = $1"};
const Sql<BudgetUsed(std::string, Timestamp, Timestamp)> use_guess{"device_guess.use", R"sql(
    insert into device_guess as g (network, used, ends_at) values ($1, 1, $3)
    on conflict on constraint device_guess_pkey do update
    set used = case when g.ends_at > $2 then g.used + 1 else 1 end, ends_at = case when g.ends_at > $2 then g.ends_at else $3 end
    returning used, ends_at)sql"};
const Sql<void(std::string)> give_guess_back{"device_guess.give_back", "update device_guess set used = used - 1 where network = $1 and used > 0"};
const Sql<void(Timestamp)> forget_guesses{"device_guess.forget", R"sql(
    delete from device_guess where network in (select network from device_guess where ends_at < $1 limit 100 for update skip locked))sql"};

const Sql<Device(DeviceId, Timestamp)> pending_device{"device.pending", "select * from device where id = $1 and state = 'pending' and expires_at > $2"};
// The time comes behind the six fields of who approved.
const Sql<void(ApprovedDevice, Timestamp)> approve_device{"device.approve", R"sql(
    update device set state = 'approved', identity_id = $identity_id, session_id = $session_id, scopes = $scopes, amr = $amr, auth_time = $auth_time
    where id = $id and state = 'pending' and expires_at > $7)sql"};
const Sql<void(DeviceId, Timestamp)> deny_device{"device.deny", R"sql(
    update device set state = 'denied' where id = $1 and state = 'pending' and expires_at > $2)sql"};

const Sql<Device(Bytes, ClientId)> lock_device{"device.lock", "select * from device where hash = $1 and client_id = $2 for update"};
const Sql<void(DeviceId, int, Timestamp)> note_poll{"device.note_poll", "update device set interval_seconds = $2, polled_at = $3 where id = $1"};
const Sql<ApprovedDevice(DeviceId)> use_device{"device.use", "update device set state = 'used' where id = $1 and state = 'approved' returning *"};

// What was asked for is known for an hour after its end, so that a device that comes late is told that it is late.
const Sql<std::int64_t(Timestamp, int)> forget_devices{"device.forget", R"sql(
    with gone as (delete from device where id in (
        select id from device where expires_at < $1::timestamptz - interval '1 hour' limit $2 for update skip locked) returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::issuer
