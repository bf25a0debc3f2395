#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::meta {

/// Everything that is wrong with one input, each fault with the JSON Pointer (RFC 6901) of its place. Collected, not thrown one by one.
class Errors {
public:
    /// Decides the status: a wrong shape is a 400, a value out of bounds a 422.
    enum class Fault : unsigned char {
        shape,
        value
    };

    struct Item {
        std::string pointer; // "" is the whole document
        std::string detail;
        Fault fault;
    };

    // Enough to mend an input; more only helps an attacker's answer grow.
    static constexpr std::size_t max_items = 50;
    static constexpr std::size_t max_key = 100; // bytes of one member's name in a pointer; a longer one is cut and ends in "..."

    void add(Fault fault, std::string detail);
    /// A rule of the value: what `check(const T&, Errors&)` reports, with the field it concerns ("" for the whole object).
    void reject(std::string_view field, std::string detail);
    /// Takes over what another collection holds, below the current place.
    void append(const Errors& other);
    /// The same, each as a fault of this kind: where the shape of a value is a rule of data (an attribute's kind) and not of the message.
    void append_as(Fault fault, const Errors& other);

    bool empty() const { return items_.empty(); }
    /// How many were reported, those beyond max_items included.
    std::size_t count() const { return count_; }
    const std::vector<Item>& items() const { return items_; }
    /// True if some fault is of the shape: then the answer is 400.
    bool any_shape() const;
    /// One line: "/price/amount: must be at least 0; /name: is required".
    std::string to_string() const;

    /// The current place; pushed and popped while a document is walked.
    class Step {
    public:
        Step(Errors& errors, std::string_view key);
        Step(Errors& errors, std::size_t index);
        ~Step();
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;

    private:
        Errors& errors_;
        std::size_t length_;
    };

private:
    std::string place_;
    std::vector<Item> items_;
    std::size_t count_ = 0;
};

} // namespace gravity::meta
