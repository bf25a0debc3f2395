#pragma once

#include "channels_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of channels.
namespace gravity::product_catalog::channels {

Created<Channel> create(Tx& tx, Body<NewChannel> in);
Page<Channel> list(Tx& tx, Params<ListChannels> query);
Channel get(Tx& tx, Path<"id", ChannelId> id);
Channel update(Tx& tx, Path<"id", ChannelId> id, Patch<ChannelEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", ChannelId> id, IfMatch expected);

} // namespace gravity::product_catalog::channels
