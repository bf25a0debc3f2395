#pragma once

#include "channels_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of channels, by name. Their text is in channels_store.cpp and nowhere else.
namespace gravity::product_catalog {

extern const Sql<Channel(ChannelId, NewChannel)> insert_channel;
extern const Sql<Channel(ChannelId)> get_channel;
extern const Sql<Channel(ChannelId)> lock_channel;
extern const Sql<Channel(ListChannels)> list_channels;
extern const Sql<Channel(Channel)> save_channel;
/// How many products, staged or published, name the channel.
extern const Sql<std::int64_t(Key)> count_channel_uses;
extern const Sql<void(ChannelId)> delete_channel;

} // namespace gravity::product_catalog
