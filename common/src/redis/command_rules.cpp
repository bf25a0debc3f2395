#include "redis/command_rules.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace gravity::redis {

namespace {

using Args = std::vector<std::string>;
template <std::size_t N> using Names = std::array<std::string_view, N>;

template <std::size_t N> bool has(const Names<N>& sorted, std::string_view name) {
    return std::binary_search(sorted.begin(), sorted.end(), name);
}

// They change the connection itself, or keep it busy until something happens: other callers' replies would change or
// wait.
constexpr Names<30> connection_commands{
    "ASKING", "AUTH", "BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP",
    "BZPOPMAX", "BZPOPMIN", "DISCARD", "EXEC", "HELLO", "MONITOR", "MULTI", "PSUBSCRIBE",
    "PSYNC", "PUNSUBSCRIBE", "QUIT", "READONLY", "READWRITE", "RESET", "SELECT", "SSUBSCRIBE",
    "SUBSCRIBE", "SUNSUBSCRIBE", "SYNC", "UNSUBSCRIBE", "UNWATCH", "WATCH"};

constexpr Names<120> first_is_key{"APPEND",
                                  "BITCOUNT",
                                  "BITFIELD",
                                  "BITFIELD_RO",
                                  "BITPOS",
                                  "DECR",
                                  "DECRBY",
                                  "DUMP",
                                  "EXPIRE",
                                  "EXPIREAT",
                                  "EXPIRETIME",
                                  "GEOADD",
                                  "GEODIST",
                                  "GEOHASH",
                                  "GEOPOS",
                                  "GEORADIUSBYMEMBER_RO",
                                  "GEORADIUS_RO",
                                  "GEOSEARCH",
                                  "GET",
                                  "GETBIT",
                                  "GETDEL",
                                  "GETEX",
                                  "GETRANGE",
                                  "GETSET",
                                  "HDEL",
                                  "HEXISTS",
                                  "HGET",
                                  "HGETALL",
                                  "HINCRBY",
                                  "HINCRBYFLOAT",
                                  "HKEYS",
                                  "HLEN",
                                  "HMGET",
                                  "HMSET",
                                  "HRANDFIELD",
                                  "HSCAN",
                                  "HSET",
                                  "HSETNX",
                                  "HSTRLEN",
                                  "HVALS",
                                  "INCR",
                                  "INCRBY",
                                  "INCRBYFLOAT",
                                  "LINDEX",
                                  "LINSERT",
                                  "LLEN",
                                  "LPOP",
                                  "LPOS",
                                  "LPUSH",
                                  "LPUSHX",
                                  "LRANGE",
                                  "LREM",
                                  "LSET",
                                  "LTRIM",
                                  "MOVE",
                                  "PERSIST",
                                  "PEXPIRE",
                                  "PEXPIREAT",
                                  "PEXPIRETIME",
                                  "PFADD",
                                  "PSETEX",
                                  "PTTL",
                                  "RESTORE",
                                  "RPOP",
                                  "RPUSH",
                                  "RPUSHX",
                                  "SADD",
                                  "SCARD",
                                  "SET",
                                  "SETBIT",
                                  "SETEX",
                                  "SETNX",
                                  "SETRANGE",
                                  "SISMEMBER",
                                  "SMEMBERS",
                                  "SMISMEMBER",
                                  "SORT_RO",
                                  "SPOP",
                                  "SPUBLISH",
                                  "SRANDMEMBER",
                                  "SREM",
                                  "SSCAN",
                                  "STRLEN",
                                  "SUBSTR",
                                  "TTL",
                                  "TYPE",
                                  "XACK",
                                  "XADD",
                                  "XAUTOCLAIM",
                                  "XCLAIM",
                                  "XDEL",
                                  "XLEN",
                                  "XPENDING",
                                  "XRANGE",
                                  "XREVRANGE",
                                  "XSETID",
                                  "XTRIM",
                                  "ZADD",
                                  "ZCARD",
                                  "ZCOUNT",
                                  "ZINCRBY",
                                  "ZLEXCOUNT",
                                  "ZMSCORE",
                                  "ZPOPMAX",
                                  "ZPOPMIN",
                                  "ZRANDMEMBER",
                                  "ZRANGE",
                                  "ZRANGEBYLEX",
                                  "ZRANGEBYSCORE",
                                  "ZRANK",
                                  "ZREM",
                                  "ZREMRANGEBYLEX",
                                  "ZREMRANGEBYRANK",
                                  "ZREMRANGEBYSCORE",
                                  "ZREVRANGE",
                                  "ZREVRANGEBYLEX",
                                  "ZREVRANGEBYSCORE",
                                  "ZREVRANK",
                                  "ZSCAN",
                                  "ZSCORE"};

constexpr Names<13> all_are_keys{"DEL", "EXISTS", "MGET", "PFCOUNT", "PFMERGE", "SDIFF", "SDIFFSTORE",
                                 "SINTER", "SINTERSTORE", "SUNION", "SUNIONSTORE", "TOUCH", "UNLINK"};
constexpr Names<9> first_two_are_keys{"COPY", "GEOSEARCHSTORE", "LCS", "LMOVE", "RENAME",
                                      "RENAMENX", "RPOPLPUSH", "SMOVE", "ZRANGESTORE"};
constexpr Names<2> key_value_pairs{"MSET", "MSETNX"};
constexpr Names<4> second_is_key{"MEMORY", "OBJECT", "XGROUP", "XINFO"};
// The number of keys stands at 1, the keys from 2.
constexpr Names<7> counted_at_1{"LMPOP", "SINTERCARD", "ZDIFF", "ZINTER", "ZINTERCARD", "ZMPOP", "ZUNION"};
// Something stands at 1, the number of keys at 2, the keys from 3.
constexpr Names<6> counted_at_2{"EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO"};
constexpr Names<3> stored_and_counted{"ZDIFFSTORE", "ZINTERSTORE", "ZUNIONSTORE"};
constexpr Names<3> may_store{"GEORADIUS", "GEORADIUSBYMEMBER", "SORT"};
constexpr Names<2> stream_readers{"XREAD", "XREADGROUP"};

constexpr Names<9> without_key{"COMMAND", "ECHO", "LOLWUT", "PING", "PUBLISH", "PUBSUB", "ROLE", "TIME", "WAIT"};
constexpr Names<26> every_node{"ACL", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "CONFIG", "DBSIZE",
                               "DEBUG", "FAILOVER", "FLUSHALL", "FLUSHDB", "FUNCTION", "INFO", "KEYS",
                               "LASTSAVE", "LATENCY", "MODULE", "RANDOMKEY", "REPLICAOF", "SAVE", "SCAN",
                               "SCRIPT", "SHUTDOWN", "SLAVEOF", "SLOWLOG", "SWAPDB"};

template <std::size_t N> constexpr bool sorted(const Names<N>& names) {
    for (std::size_t i = 1; i < N; ++i)
        if (!(names[i - 1] < names[i])) return false;
    return true;
}
static_assert(sorted(connection_commands) && sorted(first_is_key));
static_assert(sorted(all_are_keys) && sorted(first_two_are_keys) && sorted(second_is_key) && sorted(counted_at_1) &&
              sorted(counted_at_2));
static_assert(sorted(stored_and_counted) && sorted(may_store) && sorted(without_key) && sorted(every_node));

std::string name_of(const Command& command) { return ascii::upper(command.args().front()); }

void take(const Args& args, std::size_t from, std::size_t count, std::size_t step, std::vector<std::string_view>& out) {
    for (std::size_t at = from; at < args.size() && count > 0; at += step, --count) out.push_back(args[at]);
}

void take_counted(const Args& args, std::size_t count_at, std::vector<std::string_view>& out) {
    if (count_at >= args.size()) return;
    std::size_t count = 0;
    const auto& text = args[count_at];
    auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failed == std::errc() && stop == text.data() + text.size()) take(args, count_at + 1, count, 1, out);
}

/// "STORE key" and "STOREDIST key" among the options, which end the command.
void take_stored(const Args& args, std::vector<std::string_view>& out) {
    for (std::size_t i = 2; i + 1 < args.size(); ++i)
        if (ascii::iequals(args[i], "STORE") || ascii::iequals(args[i], "STOREDIST")) out.push_back(args[i + 1]);
}

/// "... STREAMS key... id...": the first half of what follows the word. A group or consumer may be called "streams".
void take_streams(const Args& args, bool group, std::vector<std::string_view>& out) {
    for (std::size_t i = group ? 4 : 1; i < args.size(); ++i)
        if (ascii::iequals(args[i], "STREAMS")) return take(args, i + 1, (args.size() - i - 1) / 2, 1, out);
}

constexpr std::size_t all = static_cast<std::size_t>(-1);

} // namespace

std::optional<std::string> refusal_on_shared(const Command& command) {
    const std::string name = name_of(command);
    const Args& args = command.args();
    if (has(connection_commands, name)) return name + " changes or blocks the connection, which other callers share";
    if (has(stream_readers, name))
        for (std::size_t i = name == "XREADGROUP" ? 4 : 1; i < args.size() && !ascii::iequals(args[i], "STREAMS"); ++i)
            if (ascii::iequals(args[i], "BLOCK"))
                return name + " with BLOCK needs a connection of its own: use GroupReader";
    if (name == "CLIENT" && args.size() > 1)
        for (std::string_view sub : {"REPLY", "TRACKING", "PAUSE", "SETNAME", "CACHING", "NO-EVICT"})
            if (ascii::iequals(args[1], sub))
                return "CLIENT " + std::string(sub) + " changes the connection, which other callers share";
    return std::nullopt;
}

Keys keys_of(const Command& command) {
    const std::string name = name_of(command);
    const Args& args = command.args();
    Keys out{Keys::Knowledge::known, {}};
    if (const std::string* route = command.route_key()) {
        out.keys.push_back(*route);
    } else if (has(first_is_key, name)) {
        take(args, 1, 1, 1, out.keys);
    } else if (has(all_are_keys, name)) {
        take(args, 1, all, 1, out.keys);
    } else if (has(first_two_are_keys, name)) {
        take(args, 1, 2, 1, out.keys);
    } else if (has(key_value_pairs, name)) {
        take(args, 1, all, 2, out.keys);
    } else if (has(second_is_key, name)) {
        take(args, 2, 1, 1, out.keys);
        if (out.keys.empty()) out.knowledge = Keys::Knowledge::every_node; // MEMORY DOCTOR, XINFO HELP
    } else if (has(counted_at_1, name)) {
        take_counted(args, 1, out.keys);
    } else if (has(counted_at_2, name)) {
        take_counted(args, 2, out.keys);
        if (out.keys.empty()) out.knowledge = Keys::Knowledge::none;
    } else if (has(stored_and_counted, name)) {
        take(args, 1, 1, 1, out.keys);
        take_counted(args, 2, out.keys);
    } else if (has(may_store, name)) {
        take(args, 1, 1, 1, out.keys);
        take_stored(args, out.keys);
    } else if (has(stream_readers, name)) {
        take_streams(args, name == "XREADGROUP", out.keys);
    } else if (name == "BITOP") {
        take(args, 2, all, 1, out.keys);
    } else if (has(without_key, name)) {
        out.knowledge = Keys::Knowledge::none;
    } else if (has(every_node, name)) {
        out.knowledge = Keys::Knowledge::every_node;
    } else {
        out.knowledge = Keys::Knowledge::unknown;
    }
    return out;
}

} // namespace gravity::redis
