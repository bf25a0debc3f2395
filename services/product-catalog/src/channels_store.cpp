#include "channels_store.hpp"

#include "problems.hpp"

namespace gravity::product_catalog {

const Sql<Channel(ChannelId, NewChannel)> insert_channel{
    "channel.insert", "insert into channel (id, key, name) values ($1, $key, $name) returning *", {{"channel_key_key", channel_key_taken}}};

const Sql<Channel(ChannelId)> get_channel{"channel.get", "select * from channel where id = $1"};
const Sql<Channel(ChannelId)> lock_channel{"channel.lock", "select * from channel where id = $1 for update"};

const Sql<Channel(ListChannels)> list_channels{"channel.list", "select * from channel where $page(key)"};

// The key stays: products name channels by it.
const Sql<Channel(Channel)> save_channel{"channel.save", R"sql(
    update channel set name = $name, version = version + 1, updated_at = now() where id = $id returning *)sql"};

const Sql<std::int64_t(Key)> count_channel_uses{"channel.uses", R"sql(
    select count(*) from (
        select id from product where staged->'channels' @> jsonb_build_array(jsonb_build_object('channel', $1::text))
        union select product_id from listing where channel = $1) uses)sql"};

const Sql<void(ChannelId)> delete_channel{"channel.delete", "delete from channel where id = $1"};

} // namespace gravity::product_catalog
