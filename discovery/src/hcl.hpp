#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The part of HCL (version 1) that policies and configurations are written in, and JSON, which reads the same: names, texts, here-documents, blocks, lists,
/// comments. Pure.
///
///     service "web" { policy = "write" }        # also: // and /* */
///     {"service": {"web": {"policy": "write"}}}
namespace gravity::registry::hcl {

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Member;
struct Value {
    enum class Kind : unsigned char {
        text,
        list,
        object
    };
    Kind kind = Kind::object;
    std::size_t line = 1; // where it begins
    std::string text;
    bool quoted = false;  // a text: in quotes, or a here-document; else a word, as numbers and truths are
    std::vector<Value> items;
    std::vector<Member> members; // in order; a name may come several times
};
struct Member {
    std::string name;
    Value value;
};

inline constexpr std::size_t max_depth = 16;
inline constexpr std::size_t max_bytes = 4 << 20;

/// An object. Throws Error with the line. Numbers and truths are words here.
Value parse(std::string_view text);

} // namespace gravity::registry::hcl
