#include "channels_api.hpp"

#include "channels_store.hpp"
#include "problems.hpp"

namespace gravity::product_catalog::channels {

Created<Channel> create(Tx& tx, Body<NewChannel> in) { return tx.one(insert_channel, tx.new_id<ChannelId>(), *in); }

Page<Channel> list(Tx& tx, Params<ListChannels> query) { return tx.page(list_channels, *query); }

Channel get(Tx& tx, Path<"id", ChannelId> id) { return tx.one(get_channel, *id); }

Channel update(Tx& tx, Path<"id", ChannelId> id, Patch<ChannelEdit> patch, IfMatch expected) {
    Channel channel = expected.check(tx.one(lock_channel, *id));
    static_cast<ChannelEdit&>(channel) = patch.apply(channel);
    return tx.one(save_channel, channel);
}

NoContent remove(Tx& tx, Path<"id", ChannelId> id, IfMatch expected) {
    const Channel channel = expected.check(tx.one(lock_channel, *id));
    const std::int64_t uses = tx.one(count_channel_uses, channel.key);
    if (uses > 0) throw Refusal(channel_in_use).with("products", uses);
    tx.exec(delete_channel, *id);
    return {};
}

} // namespace gravity::product_catalog::channels
