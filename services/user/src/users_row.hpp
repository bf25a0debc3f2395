#pragma once

/// The columns of a user, from a row of `users` of this name; for statements of stores.
#define GRAVITY_USER_ROW(u) \
    u ".*, (select coalesce(jsonb_agg(jsonb_build_object('address', c.value, 'type', c.type, 'primary', c.\"primary\", " \
      "'verified', c.verified_at is not null) " \
      "order by c.position), '[]') from user_contact c where c.user_id = " u ".id and c.kind = 'email') as emails, " \
      "(select coalesce(jsonb_agg(jsonb_build_object('number', c.value, 'type', c.type, 'primary', c.\"primary\", " \
      "'verified', c.verified_at is not null) " \
      "order by c.position), '[]') from user_contact c where c.user_id = " u ".id and c.kind = 'phone') as phones"
