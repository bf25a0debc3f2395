#include "archive.hpp"

#include "snapshot.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/json/json.hpp>

#include <array>
#include <map>
#include <optional>
#include <string_view>

namespace gravity::registry {
namespace {

constexpr std::size_t block = 512; // of a tar: POSIX.1-1988, "ustar"
constexpr std::size_t beside_the_state = 64 * 1024;
constexpr std::string_view meta_name = "meta.json", state_name = "state.bin", sums_name = "SHA256SUMS";

// Where a header has what.
struct Field {
    std::size_t at, size;
};
constexpr Field name_field{0, 100}, mode_field{100, 8}, owner_field{108, 8}, group_field{116, 8}, size_field{124, 12}, time_field{136, 12}, sum_field{148, 8},
    type_field{156, 1}, magic_field{257, 8};

void put(std::string& header, const Field& field, std::string_view text) { header.replace(field.at, text.size(), text); }

void put_octal(std::string& header, const Field& field, std::uint64_t number) {
    std::string digits(field.size - 1, '0');
    for (std::size_t i = digits.size(); i-- > 0; number >>= 3) digits[i] = static_cast<char>('0' + (number & 7));
    put(header, field, digits);
}

// Of the bytes of a header, its own field counted as blanks.
std::uint64_t sum_of(std::string_view header) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i)
        sum += i >= sum_field.at && i < sum_field.at + sum_field.size ? ' ' : static_cast<unsigned char>(header[i]);
    return sum;
}

void append_file(std::string& tar, std::string_view name, std::string_view content, std::int64_t time) {
    std::string header(block, '\0');
    put(header, name_field, name);
    put_octal(header, mode_field, 0600);
    put_octal(header, owner_field, 0);
    put_octal(header, group_field, 0);
    put_octal(header, size_field, content.size());
    put_octal(header, time_field, static_cast<std::uint64_t>(time));
    put(header, type_field, "0");
    put(header, magic_field, std::string_view("ustar\00000", 8));
    std::string sum(8, '\0');
    put_octal(sum, {0, 7}, sum_of(header));
    sum[7] = ' ';
    put(header, sum_field, sum);
    tar += header;
    tar += content;
    tar.resize((tar.size() + block - 1) / block * block);
}

[[noreturn]] void damaged(const std::string& how) { throw SnapshotError("the snapshot's archive is damaged: " + how); }

std::uint64_t octal_in(std::string_view header, const Field& field) {
    std::uint64_t number = 0;
    for (const char c : header.substr(field.at, field.size)) {
        if (c == '\0' || c == ' ') break;
        if (c < '0' || c > '7') damaged("a header has no number where one belongs");
        number = number << 3 | static_cast<std::uint64_t>(c - '0');
    }
    return number;
}

using Files = std::map<std::string, std::string_view, std::less<>>;

Files files_of(std::string_view tar) {
    Files files;
    while (tar.size() >= block && tar.find_first_not_of('\0') < block) {
        const std::string_view header = tar.substr(0, block);
        if (octal_in(header, sum_field) != sum_of(header)) damaged("a header's sum differs");
        const std::uint64_t size = octal_in(header, size_field);
        const std::string_view name = header.substr(0, std::min(header.find('\0'), name_field.size));
        if (name != meta_name && name != state_name && name != sums_name) damaged("it has a file that does not belong there");
        tar.remove_prefix(block);
        if (size > tar.size()) damaged("it is cut off");
        files[std::string(name)] = tar.substr(0, size);
        tar.remove_prefix(std::min((size + block - 1) / block * block, tar.size()));
    }
    return files;
}

std::string sums_of(std::string_view meta, std::string_view state) {
    const auto line = [](std::string_view name, std::string_view content) { return hex_encode(sha256(content)) + "  " + std::string(name) + '\n'; };
    return line(meta_name, meta) + line(state_name, state);
}

// In any order.
bool says(std::string_view sums, std::string_view wanted) {
    for (std::size_t at = 0; at < wanted.size();) {
        const std::size_t end = wanted.find('\n', at) + 1;
        if (sums.find(wanted.substr(at, end - at)) == std::string_view::npos) return false;
        at = end;
    }
    return true;
}

} // namespace

std::string pack_archive(const std::string& state, std::int64_t index, std::int64_t taken_at) {
    const std::string id = "1-" + std::to_string(index) + '-' + std::to_string(taken_at * 1000);
    const Json meta = Json::object({{"Version", 1},
                                    {"ID", id},
                                    {"Index", index},
                                    {"Term", 1},
                                    {"Peers", Json()},
                                    {"Configuration", Json::object({{"Servers", Json::array()}})},
                                    {"ConfigurationIndex", 0},
                                    {"Size", static_cast<std::int64_t>(state.size())}});
    const std::string text = meta.dump() + '\n';
    std::string tar;
    append_file(tar, meta_name, text, taken_at);
    append_file(tar, state_name, state, taken_at);
    append_file(tar, sums_name, sums_of(text, state), taken_at);
    tar.resize(tar.size() + 2 * block); // which ends it
    return http::compress(http::Coding::gzip, tar);
}

std::string unpack_archive(std::string file, std::size_t limit) {
    if (!file.starts_with("\x1f\x8b")) return file;
    const std::optional<std::string> tar = http::decompress(http::Coding::gzip, file, limit + beside_the_state);
    if (!tar) damaged("it cannot be unpacked, or is too large");
    const Files files = files_of(*tar);
    for (const std::string_view name : {meta_name, state_name, sums_name})
        if (!files.contains(name)) damaged("it has no " + std::string(name));
    const std::string_view state = files.find(state_name)->second;
    if (!says(files.find(sums_name)->second, sums_of(files.find(meta_name)->second, state))) damaged("a digest differs");
    return std::string(state);
}

} // namespace gravity::registry
