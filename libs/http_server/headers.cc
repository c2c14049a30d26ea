#include "libs/http_server/headers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

#include "libs/strings/view.h"

namespace lmsmail::http_server {
namespace {

auto Named(std::string_view name) {
  return [name](const Header& field) {
    return absl::EqualsIgnoreCase(ToAbsl(field.name), ToAbsl(name));
  };
}

}  // namespace

void Headers::Add(std::string name, std::string value) {
  fields_.push_back({std::move(name), std::move(value)});
}

void Headers::Set(std::string_view name, std::string value) {
  Remove(name);
  Add(std::string(name), std::move(value));
}

void Headers::Remove(std::string_view name) { std::erase_if(fields_, Named(name)); }

std::string_view Headers::Get(std::string_view name) const {
  const auto found = std::ranges::find_if(fields_, Named(name));
  return found == fields_.end() ? std::string_view() : found->value;
}

size_t Headers::Count(std::string_view name) const {
  return static_cast<size_t>(std::ranges::count_if(fields_, Named(name)));
}

std::string Headers::Joined(std::string_view name) const {
  std::string joined;
  bool first = true;
  for (const Header& field : fields_) {
    if (!Named(name)(field)) continue;
    if (!std::exchange(first, false)) joined += ", ";
    joined += field.value;
  }
  return joined;
}

}  // namespace lmsmail::http_server
