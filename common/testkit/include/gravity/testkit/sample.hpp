#pragma once

#include <gravity/json/codec.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace gravity::testkit {

/// Makes inputs from the type tables: values that a type takes, and each way of spoiling one. The same seed makes the same values.
class Sampler {
public:
    enum class Fullness : unsigned char {
        required,   // what cannot be left out
        everything, // every member, to a few levels
        mixed       // members by chance, texts beyond ASCII
    };

    explicit Sampler(std::uint32_t seed) : random_(seed) {}

    /// A JSON value that decodes as `type` without a fault, rules over several fields included. Texts are hardly ever made twice, so that they
    /// do for unique columns. std::runtime_error if none is found: then only a person knows what such a value looks like.
    Json value(const meta::Type& type, Fullness fullness = Fullness::required);
    /// A merge patch of some members (RFC 7396); each with a value its type takes.
    Json merge_patch(const meta::Type& type);
    /// One parameter's text. Scalars only.
    std::string text(const meta::Type& type);
    /// A text that the type refuses; empty if it takes whatever it is given.
    std::string refused_text(const meta::Type& type);

    template <class T>
    T make(Fullness fullness = Fullness::everything) {
        T out{};
        meta::Errors errors;
        json::decode(value(meta::type_of<T>(), fullness), meta::mutable_ref(out), errors);
        return out;
    }

    std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; } // not std::uniform_int_distribution: libraries differ
    bool chance(std::size_t of) { return below(of) == 0; }

private:
    Json draw(const meta::Type& type, Fullness fullness, int depth);
    Json object(const meta::Type& type, Fullness fullness, int depth);
    Json text_value(const meta::Type& type, Fullness fullness);
    std::string letters(std::size_t length);

    std::mt19937 random_;
};

/// An input that must be refused.
struct SpoiledInput {
    std::string what;    // "/price/amount of a wrong kind"
    Json document;
    std::string pointer; // where the refusal must point
    int status;          // 400 for the shape, 422 for a value
};

/// Every way of spoiling one thing in `valid`, a value of `type`: unknown, missing and removed members, wrong kinds, values out of bounds.
/// With `patch`, `valid` is a merge patch.
std::vector<SpoiledInput> spoil(const meta::Type& type, const Json& valid, bool patch, Sampler& sampler);

} // namespace gravity::testkit
