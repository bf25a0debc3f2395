#pragma once

#include "names.hpp"

/// Channels: the places where products are shown, each to be chosen by `?channel=`.
namespace gravity::product_catalog {

using ChannelId = Id<"channel">;

struct ChannelEdit {
    Text<1, 100> name;
};
BOOST_DESCRIBE_STRUCT(ChannelEdit, (), (name))

struct NewChannel : ChannelEdit {
    Key key; // for good: products name channels by it
};
BOOST_DESCRIBE_STRUCT(NewChannel, (ChannelEdit), (key))

struct Channel : NewChannel {
    ChannelId id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Channel, (NewChannel), (id, version, created_at, updated_at))

struct ListChannels : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListChannels, (PageQuery), ())

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ChannelId, ChannelEdit, NewChannel, Channel, ListChannels)
