#pragma once

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "libs/status/error_details.h"

namespace lmsmail::rpc {

// The paths of a resource that Update requests may name.
struct UpdatableFields {
  std::span<const std::string_view> updatable;
  std::span<const std::string_view> output_only = {};  // in a mask, ignored (AIP-134)
};

// The fields that an Update request changes (https://google.aip.dev/134): those of `mask`; all
// updatable ones for "*"; for an empty mask the updatable ones that are populated in `resource`.
// Other paths, and no path at all, are violations of the field "update_mask".
std::set<std::string, std::less<>> FieldsToUpdate(const google::protobuf::FieldMask& mask,
                                                  const google::protobuf::Message& resource,
                                                  const UpdatableFields& fields,
                                                  Violations& violations);

}  // namespace lmsmail::rpc
