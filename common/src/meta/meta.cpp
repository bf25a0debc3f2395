#include <gravity/base/utf8.hpp>
#include <gravity/meta/describe.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace gravity::meta {

void Errors::add(Fault fault, std::string detail) {
    ++count_;
    if (items_.size() < max_items) items_.push_back({place_, std::move(detail), fault});
}

void Errors::reject(std::string_view field, std::string detail) {
    if (field.empty()) {
        add(Fault::value, std::move(detail));
        return;
    }
    Step step(*this, field);
    add(Fault::value, std::move(detail));
}

void Errors::append(const Errors& other) {
    for (const Item& item : other.items_)
        if (items_.size() < max_items) items_.push_back({place_ + item.pointer, item.detail, item.fault});
    count_ += other.count_;
}

void Errors::append_as(Fault fault, const Errors& other) {
    for (const Item& item : other.items_)
        if (items_.size() < max_items) items_.push_back({place_ + item.pointer, item.detail, fault});
    count_ += other.count_;
}

bool Errors::any_shape() const {
    return std::any_of(items_.begin(), items_.end(), [](const Item& item) { return item.fault == Fault::shape; });
}

std::string Errors::to_string() const {
    std::string text;
    for (const Item& item : items_) {
        if (!text.empty()) text += "; ";
        if (!item.pointer.empty()) text += item.pointer + ": ";
        text += item.detail;
    }
    return text;
}

Errors::Step::Step(Errors& errors, std::string_view key) : errors_(errors), length_(errors.place_.size()) {
    errors_.place_ += '/';
    const bool cut = key.size() > max_key;
    if (cut) { // between two code points
        std::size_t end = max_key;
        while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xC0) == 0x80) --end;
        key = key.substr(0, end);
    }
    for (const char c : key) { // RFC 6901 section 3
        if (c == '~')
            errors_.place_ += "~0";
        else if (c == '/')
            errors_.place_ += "~1";
        else
            errors_.place_ += c;
    }
    if (cut) errors_.place_ += "...";
}

Errors::Step::Step(Errors& errors, std::size_t index) : errors_(errors), length_(errors.place_.size()) {
    errors_.place_ += '/' + std::to_string(index);
}

Errors::Step::~Step() { errors_.place_.resize(length_); }

std::vector<bool> required_fields(const Type& object) {
    const auto prototype = object.make();
    const auto fields = object.object->fields();
    std::vector<bool> required;
    required.reserve(fields.size());
    for (const Field& field : fields) {
        const Type& type = field.type();
        bool may_lack = type.has_default || type.kind == Kind::optional;
        if (type.kind == Kind::list || type.kind == Kind::map) may_lack = type.min <= 0;
        if (type.kind == Kind::json) may_lack = false;
        if (type.is_set != nullptr && type.is_set(field.at_const(prototype.get()))) may_lack = true;
        required.push_back(!may_lack);
    }
    return required;
}

const std::vector<bool>& required_fields_cached(const Type& object) {
    static std::shared_mutex mutex;
    static std::map<const Type*, std::vector<bool>> cache; // as many as there are described structs
    {
        std::shared_lock lock(mutex);
        if (const auto found = cache.find(&object); found != cache.end()) return found->second;
    }
    auto computed = required_fields(object);
    std::unique_lock lock(mutex);
    return cache.emplace(&object, std::move(computed)).first->second;
}

namespace detail {

const TextOps string_ops{
    [](std::string_view text, void* out, std::string& why) {
        if (!utf8::valid(text)) {
            why = "must be valid UTF-8";
            return false;
        }
        if (text.find('\0') != std::string_view::npos) {
            why = "must not contain the NUL character";
            return false;
        }
        static_cast<std::string*>(out)->assign(text);
        return true;
    },
    [](const void* value, std::string& out) { out += *static_cast<const std::string*>(value); },
};

} // namespace detail
} // namespace gravity::meta
