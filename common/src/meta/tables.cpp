// Made here once: the tables that meta/describe.hpp says are elsewhere.
#include <gravity/base/bytes.hpp>
#include <gravity/base/codes.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/number.hpp>
#include <gravity/base/text.hpp>
#include <gravity/base/time.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/meta/describe.hpp>
#include <gravity/meta/money.hpp>

namespace gravity::meta {
template const Type& type_of<bool>();
template const Type& type_of<int>();
template const Type& type_of<std::int64_t>();
template const Type& type_of<double>();
template const Type& type_of<std::string>();
template const Type& type_of<std::optional<bool>>();
template const Type& type_of<std::optional<int>>();
template const Type& type_of<std::optional<std::int64_t>>();
template const Type& type_of<std::optional<std::string>>();
template const Type& type_of<std::vector<std::string>>();
template const Type& type_of<std::map<std::string, std::string>>();
template const Type& type_of<std::map<std::string, std::string, std::less<>>>();
template const Type& type_of<Bytes>();
template const Type& type_of<Country>();
template const Type& type_of<Currency>();
template const Type& type_of<Date>();
template const Type& type_of<Duration>();
template const Type& type_of<Email>();
template const Type& type_of<Locale>();
template const Type& type_of<Money>();
template const Type& type_of<Phone>();
template const Type& type_of<Slug>();
template const Type& type_of<Timestamp>();
template const Type& type_of<TimeZone>();
template const Type& type_of<Url>();
template const Type& type_of<Uuid>();
template const Type& type_of<Version>();
} // namespace gravity::meta
