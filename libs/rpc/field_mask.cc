#include "libs/rpc/field_mask.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>

namespace lmsmail::rpc {
namespace {

using Paths = std::set<std::string, std::less<>>;

bool IsPopulated(const google::protobuf::Message& message, std::string_view path) {
  const std::size_t dot = path.find('.');
  const auto* field = message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr) return false;
  const auto* reflection = message.GetReflection();
  const bool populated = field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                              : reflection->HasField(message, field);
  if (!populated || dot == std::string_view::npos) return populated;
  if (field->is_repeated() || field->message_type() == nullptr) return false;
  return IsPopulated(reflection->GetMessage(message, field), path.substr(dot + 1));
}

bool Contains(std::span<const std::string_view> paths, std::string_view path) {
  return std::ranges::find(paths, path) != paths.end();
}

}  // namespace

Paths FieldsToUpdate(const google::protobuf::FieldMask& mask,
                     const google::protobuf::Message& resource, const UpdatableFields& fields,
                     Violations& violations) {
  Paths chosen;
  if (mask.paths().empty()) {
    for (const std::string_view path : fields.updatable) {
      if (IsPopulated(resource, path)) chosen.emplace(path);
    }
    if (chosen.empty()) {
      violations.Add("update_mask", fmt::format("is required when no field is set that can be "
                                                "updated; those are {}",
                                                fmt::join(fields.updatable, ", ")));
    }
    return chosen;
  }
  for (const std::string& path : mask.paths()) {
    if (path == "*") {
      chosen.insert(fields.updatable.begin(), fields.updatable.end());
    } else if (Contains(fields.updatable, path)) {
      chosen.insert(path);
    } else if (!Contains(fields.output_only, path)) {
      violations.Add("update_mask",
                     fmt::format("\"{}\" cannot be updated; the updatable fields are {}", path,
                                 fmt::join(fields.updatable, ", ")));
    }
  }
  return chosen;
}

}  // namespace lmsmail::rpc
