// Arbitrary bytes as JSON text, into a document and into a described struct: whatever is taken must be written so that it reads back the same, and a
// struct that took it as a merge patch must read back as well.
#include <gravity/base/number.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/time.hpp>
#include <gravity/json/codec.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace gravity::fuzz {

enum class Colour {
    red,
    green
};
BOOST_DESCRIBE_ENUM(Colour, red, green)

struct Leaf {
    static constexpr std::string_view tag = "leaf";
    std::int64_t number;
    std::optional<double> real;
};
BOOST_DESCRIBE_STRUCT(Leaf, (), (number, real))

struct Branch {
    static constexpr std::string_view tag = "branch";
    std::vector<std::variant<Leaf, Branch>> items;
};
BOOST_DESCRIBE_STRUCT(Branch, (), (items))

struct Sample {
    std::optional<Text<0, 50>> name;
    std::optional<Bounded<int, -5, 5>> level;
    Default<Colour::green> colour;
    std::vector<std::string> list;
    std::map<std::string, std::optional<bool>> flags;
    std::optional<std::variant<Leaf, Branch>> tree;
    std::optional<Timestamp> at;
    std::optional<Json> extra;
};
BOOST_DESCRIBE_STRUCT(Sample, (), (name, level, colour, list, flags, tree, at, extra))

void require(bool holds, const char* what, const std::string& text) {
    if (holds) return;
    std::fprintf(stderr, "%s: %s\n", what, text.c_str());
    std::abort();
}

bool decoded(const Json& document, Sample& out) {
    meta::Errors errors;
    json::decode(document, meta::mutable_ref(out), errors);
    return errors.empty();
}

void run(std::string_view bytes) {
    const auto parsed = Json::parse(bytes);
    if (!parsed) return;
    const std::string text = parsed->dump();
    const auto again = Json::parse(text);
    require(static_cast<bool>(again), "a document does not read back", text);
    require(*again == *parsed && again->dump() == text, "a document reads back as another", text);

    Sample sample;
    if (decoded(*parsed, sample)) {
        const std::string written = json::encode(sample);
        const auto reread = Json::parse(written);
        require(static_cast<bool>(reread), "a struct is written as something else than JSON", written);
        Sample copy;
        require(decoded(*reread, copy), "a struct does not read back", written);
        require(json::encode(copy) == written, "a struct reads back as another", written);
    }
    // As a merge patch of a struct: nothing it accepts may leave the struct unreadable.
    Sample target;
    meta::Errors errors;
    json::patch(*parsed, meta::mutable_ref(target), errors);
    if (errors.empty()) {
        const std::string written = json::encode(target);
        Sample copy;
        require(decoded(Json::parse(written).or_throw(), copy), "a patched struct does not read back", written);
    }
}

} // namespace gravity::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    gravity::fuzz::run({reinterpret_cast<const char*>(data), size});
    return 0;
}
