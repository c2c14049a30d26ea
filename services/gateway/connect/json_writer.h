#pragma once

#include <google/protobuf/message.h>
#include <nlohmann/json.hpp>

namespace lmsmail::gateway {

// The message in the proto3 JSON mapping, without fields that have their default values. Protobuf's
// own writer gives up at a Struct of 32 levels, which the services accept.
nlohmann::ordered_json WriteJson(const google::protobuf::Message& message);

}  // namespace lmsmail::gateway
