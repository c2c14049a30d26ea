#include "libs/postgres/field.h"

#include <pqxx/array>
#include <pqxx/except>

#include "absl/status/statusor.h"

#include "libs/postgres/timestamp.h"

namespace lmsmail::postgres {
namespace {

template <typename Convert>
auto ReadArray(const pqxx::field& field, Convert convert) {
  std::vector<decltype(convert(std::string()))> items;
  if (field.is_null()) return items;
  pqxx::array_parser parser = field.as_array();
  for (;;) {
    auto [what, text] = parser.get_next();
    switch (what) {
      case pqxx::array_parser::string_value:
        items.push_back(convert(std::move(text)));
        break;
      case pqxx::array_parser::null_value:
        throw pqxx::conversion_error("the array holds a NULL");
      case pqxx::array_parser::done:
        return items;
      case pqxx::array_parser::row_start:
      case pqxx::array_parser::row_end:
        break;
    }
  }
}

}  // namespace

absl::Time Time(const pqxx::field& field) {
  if (field.is_null()) throw pqxx::conversion_error("the timestamp is NULL");
  const absl::StatusOr<absl::Time> time = ParseTimestamptz(View(field));
  if (!time.ok()) throw pqxx::conversion_error(std::string(time.status().message()));
  return *time;
}

std::optional<absl::Time> OptionalTime(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return Time(field);
}

std::vector<std::string> TextArray(const pqxx::field& field) {
  return ReadArray(field, [](std::string text) { return text; });
}

std::vector<std::int64_t> Int8Array(const pqxx::field& field) {
  return ReadArray(field, [](const std::string& text) {
    std::int64_t value = 0;
    pqxx::from_string(text, value);
    return value;
  });
}

}  // namespace lmsmail::postgres
