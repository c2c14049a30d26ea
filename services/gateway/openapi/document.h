#pragma once

#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace lmsmail::gateway {

// The JSON API of the services as an OpenAPI 3.1 document. The files of `services` must have been
// read with source info, whose comments are the descriptions.
nlohmann::ordered_json OpenApiDocument(
    const std::vector<const google::protobuf::ServiceDescriptor*>& services,
    const std::string& version);

}  // namespace lmsmail::gateway
