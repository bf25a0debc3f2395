#include "json/stored.hpp"

#include <gravity/json/json.hpp>

#include <nlohmann/json.hpp>

namespace gravity {
namespace {

// nlohmann's parser drives this handler; returning false stops it. `why` is set whenever that happens.
class Builder : public nlohmann::json_sax<nlohmann::json> {
public:
    enum class Wide {
        refused,
        rounded
    };
    Builder(const JsonLimits& limits, Wide wide) : limits_(limits), wide_(wide) {}

    bool null() override { return take(Json()); }
    bool boolean(bool value) override { return take(Json(value)); }
    bool number_integer(std::int64_t value) override { return take(Json(value)); }
    bool number_unsigned(std::uint64_t value) override {
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return wide_integer(static_cast<double>(value));
        return take(Json(static_cast<std::int64_t>(value)));
    }
    bool number_float(double value, const std::string& text) override {
        // An integer literal too large for 64 bits arrives here as a rounded double.
        return text.find_first_of(".eE") == std::string::npos ? wide_integer(value) : take(Json(value));
    }
    bool string(std::string& value) override {
        if (value.find('\0') != std::string::npos) return fail("a text contains the NUL character (\\u0000)");
        return take(Json(std::move(value)));
    }
    bool binary(nlohmann::json::binary_t&) override { return fail("binary values are not JSON"); }
    bool start_object(std::size_t) override { return open(Json(Json::Object{})); }
    bool start_array(std::size_t) override { return open(Json(Json::Array{})); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(std::string& name) override {
        if (name.find('\0') != std::string::npos) return fail("a member name contains the NUL character (\\u0000)");
        const auto [place, fresh] = open_.back()->as_object().emplace(name, Json());
        if (!fresh) return fail("the member \"" + name.substr(0, 100) + "\" appears twice in one object");
        member_ = &place->second;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
        // 406: a number beyond double; everything else of the library's is a syntax error, told with its byte position.
        if (error.id == 406) return fail("a number is out of range");
        return fail("not valid JSON near byte " + std::to_string(position));
    }

    Json root;
    std::string why;

private:
    bool wide_integer(double rounded) { return wide_ == Wide::rounded ? take(Json(rounded)) : fail("an integer is beyond 64 bits"); }

    bool fail(std::string reason) {
        why = std::move(reason);
        return false;
    }

    Json* place(Json&& value) {
        if (open_.empty()) return &(root = std::move(value));
        if (open_.back()->is_array()) {
            auto& array = open_.back()->as_array();
            array.push_back(std::move(value));
            return &array.back();
        }
        *member_ = std::move(value);
        return member_;
    }

    bool take(Json&& value) {
        if (++count_ > limits_.max_values) return fail("too many values (at most " + std::to_string(limits_.max_values) + ")");
        place(std::move(value));
        return true;
    }

    bool open(Json&& container) {
        if (open_.size() >= limits_.max_depth) return fail("nested too deep (at most " + std::to_string(limits_.max_depth) + " levels)");
        if (++count_ > limits_.max_values) return fail("too many values (at most " + std::to_string(limits_.max_values) + ")");
        // Stays valid while open: an array's items do not move while one of them is being filled, because nothing is appended beside it.
        open_.push_back(place(std::move(container)));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    const JsonLimits& limits_;
    Wide wide_;
    std::vector<Json*> open_;
    Json* member_ = nullptr;
    std::size_t count_ = 0;
};

Parsed<Json> parse_by(Builder builder, std::string_view text) {
    const bool complete = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
    if (!complete) return ParseError{builder.why.empty() ? "not valid JSON" : builder.why};
    return std::move(builder.root);
}

} // namespace

Parsed<Json> Json::parse(std::string_view text, const JsonLimits& limits) { return parse_by({limits, Builder::Wide::refused}, text); }

Parsed<Json> json::parse_stored(std::string_view text, const JsonLimits& limits) { return parse_by({limits, Builder::Wide::rounded}, text); }

} // namespace gravity
